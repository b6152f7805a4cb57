"""DataFusion's error texts -> SQLSTATE. The text is all its Python binding gives; the list is in order of trust."""

import re

STATES = (
    (r"RecursionLimitExceeded", "54001"),
    (r"ParserError", "42601"),
    (r"(DDL|DML|Statement) not supported", "25006"),
    (r"Invalid function|table function '.*' not found", "42883"),
    (r"table '.*' not found", "42P01"),
    (r"No field named", "42703"),
    (r"Placeholder .* (was not provided|not found)|No value found for placeholder", "22023"),
    (r"Resources exhausted|malloc of size", "53200"),
    (r"Divide by zero", "22012"),
    (r"Cast error|cannot be cast|Cannot cast", "22018"),
    (r"overflow|Overflow", "22003"),
    (r"not implemented|not supported", "0A000"),
    (r"Schema error|Error during planning|type_coercion", "42000"),
    (r"Internal error", "XX000"),
)
MACHINERY = re.compile(r"^(DataFusion error: |Error during planning: |Optimizer rule '\w+' failed\s*caused by\s*)+")


def sqlstate(text: str) -> tuple[str, str]:
    """The SQLSTATE of an error, and its text without the engine's own layers and advice to report a bug."""
    state = next((code for pattern, code in STATES if re.search(pattern, text)), "22000")
    message = MACHINERY.sub("", text).partition("This issue was likely caused by a bug")[0].strip()
    return state, message
