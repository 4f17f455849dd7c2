namespace Attune.Text.Templates.Jinja;

internal enum JinjaTokenKind
{
    Data,
    BlockBegin,
    BlockEnd,
    VariableBegin,
    VariableEnd,
    Name,
    Text,
    Whole,
    Number,
    Operator,
    End,
}

/// <summary>A word of a template.</summary>
/// <param name="Value">A text's content, a name, an operator, or a number's digits.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Value, int Line);
