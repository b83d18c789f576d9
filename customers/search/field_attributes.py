"""Who answered what to the organization's fields? By terms where the field has them, else by the customers' own rows.

Without terms, whole answers are still found by an index; STARTS and ENDS look at every customer whom the other conditions leave
(docs/organization-file.md, `searchable`).
"""

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, TextField, Value

from customers.field_terms.models import FieldTerm
from customers.profile.field_values import FieldValue, read_value
from customers.profile.text import fold
from customers.search.attributes import TEXT_OPERATORS, Attribute, Criterion, OwnedRows, SearchContext, SearchedField
from customers.search.criteria import folded_text, text_criterion
from customers.search.grammar import Condition, Operator
from organizations.fields.models import FieldDefinition

_CANONICAL = (FieldDefinition.Type.NUMBER, FieldDefinition.Type.DATE, FieldDefinition.Type.BOOLEAN)
_WHOLE = (Operator.EXACT, Operator.EQUALS, Operator.IN)


def field_attribute(name: str, circumstances: SearchContext) -> Attribute | None:
    """The field of that name as an attribute (without case where no field has it exactly); None without one."""
    exact = [one for one in circumstances.fields if one.definition.name == name]
    folded_alike = (one for one in circumstances.fields if fold(one.definition.name) == fold(name))
    found = next(iter(exact), None) or next(folded_alike, None)
    if found is None:
        return None
    return Attribute(TEXT_OPERATORS, lambda condition, _circumstances: _answers(found, condition))


def _answers(field: SearchedField, condition: Condition) -> Criterion:
    definition = field.definition
    if condition.operator in _WHOLE:
        values = tuple(_canonical(value, definition) for value in condition.values)
        condition = Condition(condition.attribute, condition.operator, values)
    if condition.operator is Operator.EXACT:
        # Folded it is found by an index, and compared where it is kept.
        is_list = definition.type == FieldDefinition.Type.MULTI
        kept: FieldValue = [condition.value] if is_list else condition.value
        return _in_own_rows(condition, str(definition.pk)) & Q(field_values__contains={str(definition.pk): kept})
    if not field.is_indexed:
        return _in_own_rows(condition, str(definition.pk))
    terms = FieldTerm.objects.filter(text_criterion(condition, column="folded", backwards="reversed"), field=definition.pk)
    counted_before = terms.filter(position__lt=OuterRef("position"), customer=OuterRef("customer"))
    return OwnedRows(rows=terms.filter(Q(position=1) | ~Exists(counted_before)))


def _canonical(text: str, definition: FieldDefinition) -> str:
    """A number, day or switch as it is kept; what is none finds nobody."""
    if definition.type in _CANONICAL:
        try:
            return str(read_value(text.strip(), definition))
        except ValueError:
            return text
    return text


def _in_own_rows(condition: Condition, key: str) -> Q:
    values = [folded_text(value) for value in condition.values]
    match condition.operator:
        case Operator.STARTS:
            return Q(_has_answer(key, values[0], template="starts_with(answer.folded, "))
        case Operator.ENDS:
            return Q(_has_answer(key, values[0][::-1], template="starts_with(reverse(answer.folded), "))
        case _:
            found = Q()
            for value in values:
                found |= Q(field_values_folded__contains={key: [value]})
            return found


def _has_answer(key: str, text: str, *, template: str) -> Func:
    """Whether any answer to the field passes the test that `template` begins."""
    answers = Func(F("field_values_folded"), Value(key, TextField()), function="jsonb_extract_path", output_field=TextField())
    return Func(
        answers,
        Value(text, TextField()),
        template="EXISTS (SELECT FROM jsonb_array_elements_text(%(expressions)s))",
        arg_joiner=f") AS answer (folded) WHERE {template}",
        output_field=BooleanField(),
    )
