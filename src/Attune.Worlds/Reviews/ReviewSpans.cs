using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Worlds.Reviews.Grammar;

namespace Attune.Worlds.Reviews;

/// <summary>
/// Simulated people who mark what is wrong with a review, as in fine-grained RLHF (Wu et al. 2023): parts that blame, sentences that call
/// the film by another genre or do not read well, and what the review should have said.
/// </summary>
/// <param name="noise">The share of the parts that they judge the wrong way round.</param>
public sealed class ReviewSpans(double noise)
{
    public const string Sentiment = "Sentiment",
        Faithfulness = "Faithfulness",
        Style = "Style",
        MissingFilm = "Missing-Film",
        MissingAspects = "Missing-Aspects";

    /// <summary>What can be wrong.</summary>
    public static ImmutableArray<string> Types { get; } = [Sentiment, Faithfulness, Style, MissingFilm, MissingAspects];

    /// <summary>Aspects that a complete review names.</summary>
    private const int EnoughAspects = 2;

    /// <summary>Marks one review.</summary>
    /// <param name="seed">Where they err.</param>
    public SpanLabels Mark(Prompt prompt, string answer, Seed seed)
    {
        AnswerSpan[] spans =
        [
            .. Marked(answer, SpanDensity.SubSentence, Sentiment, part => ReviewFactors.Read(part).Sentiment < 0, seed),
            .. Marked(answer, SpanDensity.Sentence, Faithfulness, part => ReviewUtility.FilmValue(prompt, part) < 0, seed),
            .. Marked(answer, SpanDensity.Sentence, Style, ReadsBadly, seed),
        ];
        return new SpanLabels(prompt, answer, [.. spans.OrderBy(s => s.Start)])
        {
            Missing = [.. MissingIn(prompt, answer).Select(type => new MissingInformation(type, null, []))],
            Annotator = "simulated",
        };
    }

    /// <summary>A word that the grammar does not have, something said twice, or no end.</summary>
    private static bool ReadsBadly(string sentence)
    {
        var factors = ReviewFactors.Read(sentence);
        return factors.UnknownWords > 0 || factors.Repetition > 0 || !factors.Finished;
    }

    private static IEnumerable<string> MissingIn(Prompt prompt, string answer)
    {
        if (Film.Read(prompt) is not null && ReviewUtility.FilmValue(prompt, answer) <= 0)
        {
            yield return MissingFilm;
        }

        if (ReviewFactors.Read(answer).Aspects.Length < EnoughAspects)
        {
            yield return MissingAspects;
        }
    }

    private IEnumerable<AnswerSpan> Marked(string answer, SpanDensity density, string type, Func<string, bool> isBad, Seed seed) =>
        SpanSplit
            .Of(answer, density)
            .Where((s, i) => isBad(CodePoints.Slice(answer, s.Start, s.End)) != (seed.For(type, i).Rng().NextDouble() < noise))
            .Select(s => new AnswerSpan(s.Start, s.End, type));
}
