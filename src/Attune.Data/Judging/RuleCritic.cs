using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Attune.Data.Judging;

/// <summary>
/// A critic and judge without a model, for tests and for the embedded default. All it knows are the words that principles avoid: it names
/// those in an answer, writes what stands in their place or leaves their sentences out, and prefers the answer with fewer of them.
/// </summary>
public sealed partial class RuleCritic : ICritic, IPairJudge
{
    /// <summary>What a revision is when every sentence had to go.</summary>
    public const string NothingLeft = "I would rather not say.";

    /// <summary>The log-odds of one avoided word more or less.</summary>
    private const double WordOdds = 2;

    public string Name => "rule critic";

    public string Hash => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Name)));

    /// <summary>The avoided words in a text, in their order, each as often as it stands there.</summary>
    public static ImmutableArray<string> Found(Principle principle, string text) =>
        [
            .. principle
                .Avoid.SelectMany(a => Pattern(a.Word).Matches(text).Select(m => (m.Index, a.Word)))
                .OrderBy(f => f.Index)
                .Select(f => f.Word),
        ];

    /// <summary>P(a keeps the principle better): 1 / (1 + exp(2 (words in a - words in b))).</summary>
    public static double Compare(Principle principle, string a, string b) =>
        SoftLabels.OfLogProbs(-WordOdds * Found(principle, a).Length, -WordOdds * Found(principle, b).Length);

    public Task<ImmutableArray<string>> CritiqueAsync(IReadOnlyList<Draft> drafts, IProgress<int>? finished, CancellationToken cancel) =>
        Task.FromResult<ImmutableArray<string>>([.. drafts.Select(d => Critique(d.Principle, d.Answer))]);

    public Task<ImmutableArray<string>> ReviseAsync(IReadOnlyList<Draft> drafts, IProgress<int>? finished, CancellationToken cancel) =>
        Task.FromResult<ImmutableArray<string>>([.. drafts.Select(d => Revise(d.Principle, d.Answer))]);

    public Task<ImmutableArray<PairOpinion>> JudgeAsync(
        IReadOnlyList<ShownPair> pairs,
        IProgress<int>? finished,
        CancellationToken cancel
    ) =>
        Task.FromResult<ImmutableArray<PairOpinion>>([
            .. pairs.Select(p => new PairOpinion(Compare(p.Principle, p.First, p.Second), Evidence.Rule, Hash)),
        ]);

    private static string Critique(Principle principle, string answer) =>
        Found(principle, answer) is { IsEmpty: false } found
            ? $"It says {string.Join(", ", found.Distinct(StringComparer.Ordinal).Select(w => $"\"{w}\""))}, against this principle: "
                + $"{principle.Title}."
            : $"Nothing in it is against this principle: {principle.Title}.";

    private static string Revise(Principle principle, string answer)
    {
        foreach (var avoided in principle.Avoid)
        {
            answer = avoided.Instead is { } instead ? Replace(answer, avoided.Word, instead) : LeaveOut(answer, avoided.Word);
        }

        return answer;
    }

    /// <summary>Keeps a capital, and lets the article agree: an idiotic plot, a muddled plot.</summary>
    private static string Replace(string text, string word, string instead)
    {
        var changed = Pattern(word).Replace(text, m => char.IsUpper(m.Value[0]) ? Capital(instead) : instead);
        return changed == text
            ? text
            : Article(instead)
                .Replace(changed, m => m.Groups["a"].Value + ("aeiou".Contains(instead[0], StringComparison.Ordinal) ? "n" : ""));
    }

    private static string LeaveOut(string text, string word)
    {
        if (!Pattern(word).IsMatch(text))
        {
            return text;
        }

        var lead = text.Length > 0 && text[0] == ' ' ? " " : "";
        var kept = Sentences().Matches(text).Select(m => m.Value.Trim()).Where(s => s.Length > 0 && !Pattern(word).IsMatch(s));
        var rest = string.Join(' ', kept);
        return lead + (rest.Length == 0 ? NothingLeft : rest);
    }

    private static string Capital(string word) => char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..];

    private static Regex Pattern(string word) =>
        new($@"(?<!\w){Regex.Escape(word.Trim())}(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static Regex Article(string word) => new($@"\b(?<a>[aA])n?(?=\s+{Regex.Escape(word)}\b)", RegexOptions.CultureInvariant);

    [GeneratedRegex(@"[^.!?]+[.!?]*")]
    private static partial Regex Sentences();
}
