"""The organization's fields as search attributes.

An indexed field is searched by its terms. Without terms, an index over all fields finds whole answers; STARTS and ENDS read
every customer that the other conditions leave (docs/organization-file.md, `searchable`).
"""

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, TextField, Value

from customers.field_terms.models import FieldTerm
from customers.profile.field_values import FieldValue, read_value
from customers.profile.text import fold, fold_given
from customers.search.attributes import TEXT_OPERATORS, Attribute, Criterion, OwnedRows, SearchContext, SearchedField
from customers.search.criteria import folded_text, text_criterion
from customers.search.grammar import Condition, Operator
from organizations.fields.models import FieldDefinition

_CANONICAL = (FieldDefinition.Type.NUMBER, FieldDefinition.Type.DATE, FieldDefinition.Type.BOOLEAN)
_WHOLE = (Operator.EXACT, Operator.EQUALS, Operator.IN)


def field_attribute(name: str, context: SearchContext) -> Attribute | None:
    """The field of that name as an attribute, None without one. An exact match precedes one without case."""
    exact = (field for field in context.fields if field.definition.name == name)
    folded = fold_given(name)
    without_case = (field for field in context.fields if fold(field.definition.name) == folded)
    field = next(exact, None) or next(without_case, None)
    if field is None:
        return None
    return Attribute(TEXT_OPERATORS, lambda condition, _context: _criterion(field, condition))


def _criterion(field: SearchedField, condition: Condition) -> Criterion:
    definition = field.definition
    if condition.operator in _WHOLE:
        values = tuple(_canonical(value, definition) for value in condition.values)
        condition = Condition(condition.attribute, condition.operator, values)
    if condition.operator is Operator.EXACT:
        # The index finds the folded answer; the stored answer is compared then.
        is_list = definition.type == FieldDefinition.Type.MULTI
        stored: FieldValue = [condition.value] if is_list else condition.value
        return _in_customers(condition, str(definition.pk)) & Q(field_values__contains={str(definition.pk): stored})
    if not field.is_indexed:
        return _in_customers(condition, str(definition.pk))
    terms = FieldTerm.objects.filter(text_criterion(condition, column="folded", backwards="reversed"), field=definition.pk)
    earlier = terms.filter(position__lt=OuterRef("position"), customer=OuterRef("customer"))
    return OwnedRows(rows=terms.filter(Q(position=1) | ~Exists(earlier)))


def _canonical(text: str, definition: FieldDefinition) -> str:
    """A number, day or boolean in stored form. Other text is unchanged and matches no answer."""
    if definition.type in _CANONICAL:
        try:
            return str(read_value(text.strip(), definition))
        except ValueError:
            return text
    return text


def _in_customers(condition: Condition, key: str) -> Q:
    values = [folded_text(value) for value in condition.values]
    match condition.operator:
        case Operator.STARTS:
            return Q(_has_answer(key, values[0], template="starts_with(answer.folded, "))
        case Operator.ENDS:
            return Q(_has_answer(key, values[0][::-1], template="starts_with(reverse(answer.folded), "))
        case _:
            any_value = Q()
            for value in values:
                any_value |= Q(field_values_folded__contains={key: [value]})
            return any_value


def _has_answer(key: str, text: str, *, template: str) -> Func:
    """Condition that an answer to the field meets the test which `template` begins."""
    answers = Func(F("field_values_folded"), Value(key, TextField()), function="jsonb_extract_path", output_field=TextField())
    return Func(
        answers,
        Value(text, TextField()),
        template="EXISTS (SELECT FROM jsonb_array_elements_text(%(expressions)s))",
        arg_joiner=f") AS answer (folded) WHERE {template}",
        output_field=BooleanField(),
    )
