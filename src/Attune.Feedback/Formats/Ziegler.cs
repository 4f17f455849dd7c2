using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// The labels of Ziegler et al. 2019 (lm-human-preferences): token ids of a GPT-2 tokenizer, padded to a fixed length. best_of_N has the
/// best of several samples, scalar_compare the difference of two, scalar_rating a score of one.
/// </summary>
internal sealed class Ziegler : IExchangeFormat
{
    /// <summary>GPT-2's end of text and the padding of that project, one past the vocabulary and its own end token.</summary>
    private const int Padding = 50259;

    public const string FormatName = "ziegler";

    public string Name => FormatName;
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.BestOf, ProjectKind.Comparison, ProjectKind.Rating];

    public ProjectKind KindOf(JsonObject row) =>
        row.ContainsKey("best") ? ProjectKind.BestOf
        : row.ContainsKey("difference") ? ProjectKind.Comparison
        : ProjectKind.Rating;

    public bool Fits(JsonObject row) => row["query"] is JsonArray && (row.ContainsKey("sample0") || row.ContainsKey("sample"));

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var samples = Samples(row);
        var content = new ItemContent(
            new Prompt.Text(Decode(row, "query", context)),
            [.. samples.Select(s => new Candidate(Decode(row, s, context)))]
        );
        Judgement judgement = KindOf(row) switch
        {
            ProjectKind.BestOf => new ChoiceJudgement(row["best"].Whole("best")),
            ProjectKind.Comparison => new ComparisonJudgement(
                row.Number("difference") switch
                {
                    > 0 => Pick.Second,
                    < 0 => Pick.First,
                    _ => Pick.Tie,
                }
            ),
            _ => new RatingJudgement(row.Number("score")),
        };
        row.Empty("best", "score");
        yield return new ReadRow(content, new ExistingLabel(null, judgement) { Extras = RowFrame.Keep(Name, row) });
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels.Where(l => l.Judgement is not null))
        {
            var row = RowFrame.Of(label.Extras, Name) ?? [];
            Encode(row, "query", Conversations.Transcript(label.Item.Prompt), context);
            foreach (var (i, candidate) in label.Item.Candidates.Index())
            {
                Encode(row, label.Judgement is RatingJudgement ? "sample" : $"sample{i}", candidate.Text, context);
            }

            switch (label.Judgement)
            {
                case ChoiceJudgement { Best: { } best }:
                    row["best"] = best;
                    yield return row;
                    break;
                case RatingJudgement rating:
                    row["score"] = Numbers.Json(rating.Value);
                    yield return row;
                    break;
                case ComparisonJudgement { Pick: not Pick.BothBad } comparison:
                    var difference = row["difference"] is JsonValue kept ? kept.GetValue<double>() : 0;
                    if (Math.Sign(difference) != Sign(comparison.Pick) || !row.ContainsKey("difference"))
                    {
                        row["difference"] = Sign(comparison.Pick);
                    }
                    yield return row;
                    break;
            }
        }
    }

    private static int Sign(Pick pick) =>
        pick switch
        {
            Pick.First => -1,
            Pick.Second => 1,
            _ => 0,
        };

    private static string[] Samples(JsonObject row)
    {
        if (row.ContainsKey("sample"))
        {
            return ["sample"];
        }
        string[] samples = [.. Enumerable.Range(0, 16).Select(i => $"sample{i}").TakeWhile(row.ContainsKey)];
        return samples.Length >= 2
            ? samples
            : throw new RowException("sample1", "found nothing; expected sample0, sample1, ... of token ids.");
    }

    private static string Decode(JsonObject row, string field, FormatContext context)
    {
        var tokenizer =
            context.Tokenizer ?? throw new RowException(field, "holds token ids; the GPT-2 tokenizer is needed to read them (tokenizer).");
        int[] tokens = [.. row.List(field).Select(t => t.Whole(field)).Where(t => t != Padding)];
        var unknown = tokens.FirstOrDefault(t => t < 0 || t >= tokenizer.VocabularySize, -1);
        return unknown < 0 || Array.IndexOf(tokens, unknown) < 0
            ? tokenizer.Decode(tokens)
            : throw new RowException(field, $"found token {unknown}; the tokenizer has {tokenizer.VocabularySize}.");
    }

    /// <summary>Ids that already spell the text are kept with their padding, because a text can be tokenized in several ways.</summary>
    private static void Encode(JsonObject row, string field, string text, FormatContext context)
    {
        var length = (row[field] as JsonArray)?.Count;
        if (length is not null && Decode(row, field, context) == text)
        {
            return;
        }
        var tokenizer =
            context.Tokenizer
            ?? throw new RowException(field, "has to hold token ids; the GPT-2 tokenizer is needed to write them (tokenizer).");
        var tokens = tokenizer.Encode(text);
        IEnumerable<int> fitted = length is { } fixedLength
            ? tokens.Take(fixedLength).Concat(Enumerable.Repeat(Padding, Math.Max(0, fixedLength - tokens.Length)))
            : tokens;
        row[field] = new JsonArray([.. fitted.Select(t => JsonValue.Create(t))]);
    }
}
