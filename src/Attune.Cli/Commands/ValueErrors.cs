using System.CommandLine.Parsing;

namespace Attune.Cli.Commands;

/// <summary>Values that no option of any command can take, found before a command begins.</summary>
internal static class ValueErrors
{
    /// <summary>Hints of options that name a file, a folder or an address.</summary>
    private static readonly string[] Places = ["DIR", "FILE", "PATH", "RECIPE", "AGENT", "DATABASE", "URL", "URLS"];

    public static IEnumerable<string> Of(CommandResult command) =>
        command.Children.SelectMany(child =>
            child switch
            {
                OptionResult o => Of(o.Option.Name, o.Option.HelpName, o.Option.ValueType, o.Tokens),
                ArgumentResult a => Of(a.Argument.Name, a.Argument.HelpName, a.Argument.ValueType, a.Tokens),
                _ => [],
            }
        );

    private static IEnumerable<string> Of(string name, string? hint, Type type, IReadOnlyList<Token> given)
    {
        foreach (var token in given)
        {
            if (string.IsNullOrWhiteSpace(token.Value) && Places.Contains(hint?.Split('.')[0]))
            {
                yield return $"{name} is empty; expected {hint}.";
            }

            if (hint == "N" && (type == typeof(int) || type == typeof(int?)) && int.TryParse(token.Value, out var count) && count < 0)
            {
                yield return $"{name} is {count}; expected at least 0.";
            }
        }
    }
}
