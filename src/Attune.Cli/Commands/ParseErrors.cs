using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Attune.Core;
using Attune.Recipes.Binding;

namespace Attune.Cli.Commands;

/// <summary>What is wrong with a command line, in one message.</summary>
internal static partial class ParseErrors
{
    private static readonly (string Type, string Words)[] TypeNames =
    [
        ("System.UInt64", "a whole number from 0"),
        ("System.Int32", "a whole number"),
        ("System.Nullable`1[System.Int32]", "a whole number"),
        ("System.Nullable`1[System.UInt64]", "a whole number from 0"),
        ("System.Int64", "a whole number"),
        ("System.Nullable`1[System.Int64]", "a whole number"),
        ("System.Double", "a number"),
        ("System.Nullable`1[System.Double]", "a number"),
    ];

    /// <returns>Null where nothing is wrong.</returns>
    public static string? Of(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0)
        {
            string[] values = [.. ValueErrors.Of(parsed.CommandResult).Distinct()];
            return values.Length == 0 ? null : string.Join('\n', [.. values, $"See {PathOf(parsed.CommandResult)} --help."]);
        }

        var command = parsed.CommandResult.Command;
        var path = PathOf(parsed.CommandResult);
        string[] problems =
            parsed.UnmatchedTokens.Count > 0 ? [.. Reported(parsed.UnmatchedTokens).Select(t => Unknown(t, command, path))]
            : command.Subcommands.Count > 0 && command.Action is null
                ? [$"{path} needs a command: {string.Join(", ", command.Subcommands.Select(c => c.Name))}."]
            : [.. parsed.Errors.Select(e => Plain(e, path)).Distinct()];
        return string.Join('\n', [.. problems, $"See {path} --help."]);
    }

    /// <summary>The value of an unknown option is unknown too; only the option is reported.</summary>
    private static IEnumerable<string> Reported(IReadOnlyList<string> tokens) =>
        tokens.Any(IsOption) ? tokens.Where(IsOption) : tokens.Take(1);

    private static bool IsOption(string token) => token.StartsWith("--", StringComparison.Ordinal);

    private static string Unknown(string token, Command command, string path)
    {
        var (name, value) = token.Split('=', 2) is [var left, _] ? (left, "=...") : (token, "");
        var (kind, known) =
            IsOption(token) ? ("option", command.Options.Select(o => o.Name))
            : command.Subcommands.Count > 0 ? ("command", command.Subcommands.Select(c => c.Name))
            : ("argument", []);
        var elsewhere = kind == "option" ? NamesElsewhere.For(name, known) : "";
        return $"{path} has no {kind} '{name}{value}'.{(elsewhere.Length > 0 ? elsewhere : Suggestion.For(name, known))}";
    }

    private static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : "attune";

    /// <summary>The parser's messages as all others are: what was found and what was expected.</summary>
    private static string Plain(ParseError error, string path)
    {
        var name = error.SymbolResult is OptionResult of ? of.Option.Name : (error.SymbolResult as ArgumentResult)?.Argument.HelpName;
        if (WrongType().Match(error.Message) is { Success: true } typed)
        {
            var type = typed.Groups["type"].Value;
            var words = TypeNames.FirstOrDefault(t => t.Type == type).Words ?? type;
            return $"{name ?? typed.Groups["name"].Value} is '{typed.Groups["value"].Value}'; expected {words}.";
        }

        if (OtherValue().Match(error.Message) is { Success: true } other)
        {
            string[] known = [.. other.Groups["known"].Captures.Select(c => c.Value)];
            var value = other.Groups["value"].Value;
            return $"{name} is '{value}'; expected one of {string.Join(", ", known)}.{Suggestion.For(value, known)}";
        }

        return error.SymbolResult is ArgumentResult { Argument: var argument } && NoArgument().IsMatch(error.Message)
            ? $"{path} needs {argument.HelpName ?? argument.Name}: {argument.Description}."
            : error.Message;
    }

    [GeneratedRegex("^Cannot parse argument '(?<value>.*)' for [a-z]+ '(?<name>.*)' as expected type '(?<type>.*)'")]
    private static partial Regex WrongType();

    [GeneratedRegex(@"^Argument '(?<value>.*)' not recognized\. Must be one of:(?:\s+'(?<known>[^']*)')+")]
    private static partial Regex OtherValue();

    [GeneratedRegex("^Required argument missing for command")]
    private static partial Regex NoArgument();
}
