using System.CommandLine;
using System.CommandLine.Parsing;
using Attune.Core;
using Attune.Recipes.Binding;

namespace Attune.Cli.Commands;

/// <summary>What is wrong with a command line, in one message.</summary>
internal static class ParseErrors
{
    private static readonly (string Type, string Words)[] TypeNames =
    [
        ("as expected type 'System.UInt64'", "as a whole number"),
        ("as expected type 'System.Int32'", "as a whole number"),
        ("as expected type 'System.Nullable`1[System.Int32]'", "as a whole number"),
        ("as expected type 'System.Double'", "as a number"),
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
            : [.. parsed.Errors.Select(e => Plain(e.Message)).Distinct()];
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

    private static string Plain(string message) =>
        TypeNames.Aggregate(message, (text, name) => text.Replace(name.Type, name.Words, StringComparison.Ordinal));
}
