using System.Collections.Immutable;

namespace Attune.Core.Rollouts;

/// <summary>
/// How answers are drawn. The cuts apply in the order temperature, top-k, top-p, min-p, each on what the one before left, as
/// the Hugging Face transformers library orders them.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 takes the likeliest token (log-probabilities are then those at temperature 1).</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keeps the k likeliest tokens, ties going to the lower id; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the smallest set of likeliest tokens whose probability reaches this (Holtzman et al. 2020); 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this fraction as likely as the likeliest; 0 keeps all.</summary>
    public double MinP { get; init; }

    /// <summary>The longest answer, in tokens, the end token included.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>
    /// The shortest answer, in tokens, the end token included: it cannot be drawn earlier. Log-probabilities do not show this cut either.
    /// </summary>
    public int MinNewTokens { get; init; }

    /// <summary>Ends an answer; null where nothing but length and stop sequences does.</summary>
    public int? EndToken { get; init; }

    /// <summary>Texts that end an answer; the answer ends with the token that completes one.</summary>
    public ImmutableArray<string> StopSequences { get; init; } = [];

    /// <summary>
    /// Whether rollouts name the tokens that could have been drawn (<see cref="Rollout.Support"/>), and give log-probabilities of the
    /// distribution that the cuts leave instead of the one before them.
    /// </summary>
    public bool ReportSupport { get; init; }

    /// <summary>Whether some token may be cut.</summary>
    public bool Cuts => TopK > 0 || TopP < 1 || MinP > 0;

    /// <summary>Rows decoded together. Answers do not depend on it; speed and memory do.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Every problem with these options, each one sentence; empty where there is none.</summary>
    public IEnumerable<string> Problems()
    {
        if (!(Temperature >= 0) || double.IsInfinity(Temperature))
        {
            yield return $"temperature is {Temperature}; expected 0 (greedy) or more.";
        }

        if (TopK < 0)
        {
            yield return $"top-k is {TopK}; expected 0 (keep all) or more.";
        }

        if (!(TopP > 0 && TopP <= 1))
        {
            yield return $"top-p is {TopP}; expected more than 0 and at most 1 (keep all).";
        }

        if (!(MinP >= 0 && MinP < 1))
        {
            yield return $"min-p is {MinP}; expected at least 0 (keep all) and less than 1.";
        }

        if (MaxNewTokens < 1)
        {
            yield return $"the longest answer is {MaxNewTokens} tokens; expected at least 1.";
        }

        if (MinNewTokens < 0 || MinNewTokens > MaxNewTokens)
        {
            yield return $"the shortest answer is {MinNewTokens} tokens; expected 0 to the longest answer, {MaxNewTokens}.";
        }

        if (BatchSize < 1)
        {
            yield return $"the sampling batch is {BatchSize} rows; expected at least 1.";
        }

        if (StopSequences.IsDefault || StopSequences.Contains(""))
        {
            yield return "a stop sequence is empty; expected at least one character.";
        }
    }
}
