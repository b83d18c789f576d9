"""Back-office pages of adjustments: the form, the list with approval, and taking back."""
