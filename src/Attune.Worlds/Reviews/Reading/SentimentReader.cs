namespace Attune.Worlds.Reviews.Reading;

/// <summary>
/// Reads how a text judges. Judgements are found by the longest phrase; a negation turns the rest of its clause round and
/// halves it ("not dull" is less than "clever"); what is conceded weighs less than what it is conceded to.
/// </summary>
internal static class SentimentReader
{
    /// <summary>"not good" against "bad": a negation says less than its opposite.</summary>
    private const double NegationStrength = -0.5;

    private const double ConcededWeight = 0.6;
    private const double MainWeight = 1.4;

    /// <summary>A single judgement does not make a verdict: the mean is drawn to 0 as by half a neutral one.</summary>
    private const double Caution = 0.5;

    /// <summary>The weighted mean of all judgements, -1 to 1, and the phrases that judge.</summary>
    public static (double Sentiment, IReadOnlyList<string> Phrases) Read(ReadOnlySpan<string> tokens)
    {
        var phrases = new List<string>();
        var (sum, weights) = (0.0, Caution);
        var start = 0;
        while (start < tokens.Length)
        {
            var length = tokens[start..].IndexOfAny([".", "!", "?"]) is >= 0 and var found ? found + 1 : tokens.Length - start;
            foreach (var (value, weight) in ReadSentence(tokens.Slice(start, length), phrases))
            {
                sum += value * weight;
                weights += weight;
            }

            start += length;
        }

        return (sum / weights, phrases);
    }

    private static List<(double Value, double Weight)> ReadSentence(ReadOnlySpan<string> tokens, List<string> phrases)
    {
        var judgements = new List<(double, double)>();
        var (negated, concedes) = (false, false);
        // "Although X, Y" and "Y, even if X" concede up to the comma or the end; "X, but Y" concedes all before "but".
        var at = 0;
        while (at < tokens.Length)
        {
            if (ReviewLexicon.Judgements.Match(tokens, at, out var value) is > 0 and var length)
            {
                phrases.Add(string.Join(' ', tokens.Slice(at, length)!));
                judgements.Add((negated ? value * NegationStrength : value, concedes ? ConcededWeight : 1));
                at += length;
                continue;
            }

            var token = tokens[at];
            if (token is "but")
            {
                judgements = [.. judgements.Select(j => (j.Item1, ConcededWeight))];
            }
            concedes =
                token is "although" or "though"
                || (token is "even" && At(tokens, at + 1) is "if" or "though")
                || (concedes && token is not ("," or "but"));
            negated = !ReviewLexicon.EndsClause(token) && (negated || ReviewLexicon.Negates(token));
            at++;
        }

        var mixed = judgements.Any(j => j.Item2 < 1);
        return mixed ? [.. judgements.Select(j => (j.Item1, j.Item2 < 1 ? j.Item2 : MainWeight))] : judgements;
    }

    private static string At(ReadOnlySpan<string> tokens, int index) => index < tokens.Length ? tokens[index] : "";
}
