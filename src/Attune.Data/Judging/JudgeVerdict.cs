using System.Text.RegularExpressions;

namespace Attune.Data.Judging;

/// <summary>The meaning of a judge's reply.</summary>
/// <param name="Best">Index of the answer it names; null for a tie, and where it cannot be read.</param>
/// <param name="Unreadable">Why it cannot be read; null where it can.</param>
public readonly partial record struct JudgeVerdict(int? Best, string? Unreadable)
{
    public const string Empty = "the reply is empty";
    public const string CutOff = "the reply was cut off";
    public const string Elsewhere = "the reply names an answer that was not shown";
    public const string Several = "the reply names several answers";
    public const string Nothing = "the reply is more than the name of an answer";

    /// <summary>
    /// Reads a reply strictly: a letter or TIE, alone, or after "Answer", "Verdict" or the like, in quotes or brackets or not. Anything
    /// else is not guessed at, because a longer reply may deny the letter in it. Thoughts in &lt;think&gt; before it are left
    /// out.
    /// </summary>
    /// <param name="answers">Answers shown, A, B and so on.</param>
    /// <param name="isCut">The reply reached its longest length.</param>
    public static JudgeVerdict Read(string reply, int answers, bool isCut)
    {
        var said = Thoughts().Replace(reply, "").Trim();
        if (Named().Match(said) is { Success: true } named)
        {
            var name = named.Groups["name"].Value.ToUpperInvariant();
            return name == "TIE" ? new(null, null)
                : name[0] - 'A' < answers ? new(name[0] - 'A', null)
                : new(null, Elsewhere);
        }

        return new(
            null,
            said.Length == 0 ? (isCut ? CutOff : Empty)
                : isCut ? CutOff
                : Letters().Count(said) > 1 ? Several
                : Nothing
        );
    }

    [GeneratedRegex(@"^\s*<think>.*?</think>", RegexOptions.Singleline)]
    private static partial Regex Thoughts();

    [GeneratedRegex(
        @"^(?:(?:the\s+)?(?:better\s+|best\s+|final\s+|my\s+)?(?:answer|verdict|choice)(?:\s+is)?\s*:?\s*)?"
            + @"[\(\[""'*]{0,4}(?<name>[A-Z]|TIE)[\)\]""'*]{0,4}\.?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Named();

    [GeneratedRegex(@"\b[A-Z]\b")]
    private static partial Regex Letters();
}
