namespace Attune.Text.Templates.Jinja;

/// <summary>What stands after <c>is</c>.</summary>
internal static class JinjaTests
{
    public static bool Holds(string name, object? value, JinjaArguments arguments) =>
        name switch
        {
            "defined" => value is not JinjaUndefined,
            "undefined" => value is JinjaUndefined,
            "none" => value is null,
            "true" => value is true,
            "false" => value is false,
            "boolean" => value is bool,
            "string" => value is string,
            "number" => value is long or double or bool,
            "integer" => value is long,
            "float" => value is double,
            "mapping" => value is JinjaDict,
            "sequence" => value is string or JinjaList or JinjaDict,
            "iterable" => value is string or JinjaList or JinjaDict or JinjaUndefined,
            "escaped" => false,
            "callable" => value is JinjaFunction,
            "even" => Whole(value) % 2 == 0,
            "odd" => Whole(value) % 2 != 0,
            "divisibleby" => Whole(arguments.Required(0, "num")) is not 0 and var by
                ? Whole(value) % by == 0
                : throw new JinjaException("a division by zero"),
            "lower" => JinjaValues.Text(value) is var text && text.Any(char.IsLetter) && !text.Any(char.IsUpper),
            "upper" => JinjaValues.Text(value) is var text && text.Any(char.IsLetter) && !text.Any(char.IsLower),
            "eq" or "equalto" or "==" => JinjaValues.Equals(value, Other(arguments)),
            "sameas" => JinjaValues.TypeOf(value) == JinjaValues.TypeOf(Other(arguments)) && JinjaValues.Equals(value, Other(arguments)),
            "ne" or "!=" => !JinjaValues.Equals(value, Other(arguments)),
            "lt" or "lessthan" or "<" => JinjaValues.Compare(value, Other(arguments)) < 0,
            "le" or "<=" => JinjaValues.Compare(value, Other(arguments)) <= 0,
            "gt" or "greaterthan" or ">" => JinjaValues.Compare(value, Other(arguments)) > 0,
            "ge" or ">=" => JinjaValues.Compare(value, Other(arguments)) >= 0,
            "in" => JinjaMembers.Contains(Other(arguments), value, new JinjaBudget()),
            _ => throw new JinjaException($"the test '{name}' is not known"),
        };

    private static object? Other(JinjaArguments arguments) => arguments.Required(0, "other");

    private static long Whole(object? value) =>
        value is long number ? number : throw new JinjaException($"{JinjaValues.TypeOf(value)} is not a whole number");
}
