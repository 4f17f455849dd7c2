using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>
/// QA-Feedback (Wu et al. 2023, arXiv:2306.01693): marked spans of the first prediction, a preference for each of the six pairs of the four
/// predictions, and the gold answer.
/// </summary>
internal sealed class PredictionRows : IRowLayout
{
    private const int Predictions = 4;

    public LaidOut? Fit(ColumnSample columns) =>
        columns.IsText("question") && columns.IsText("prediction 1") && columns.IsObject("feedback")
            ? new LaidOut(
                "QA-Feedback's rows {question, prediction 1, feedback}",
                [
                    DatasetKind.Spans,
                    .. columns.Has("preference") ? [DatasetKind.Preference] : Array.Empty<DatasetKind>(),
                    .. columns.Has("gold") ? [DatasetKind.PromptCompletion] : Array.Empty<DatasetKind>(),
                    DatasetKind.PromptOnly,
                ],
                SpanRows.PublishedFields,
                Read
            )
            : null;

    private static IEnumerable<object> Read(RowFields row, DatasetKind kind)
    {
        var prompt = SpanRows.PromptOf(row.Text("question"));
        return kind switch
        {
            DatasetKind.Spans => [SpanRows.Published(row)],
            DatasetKind.Preference => Pairs(row, prompt),
            DatasetKind.PromptCompletion => [new Demonstration(prompt, row.Text("gold"))],
            _ => [prompt],
        };
    }

    /// <summary>
    /// The pairs (1,2), (1,3), (1,4), (2,3), (2,4), (3,4): 1 where the first is better, 2 where the second is, 0 for a tie.
    /// </summary>
    private static List<Preference> Pairs(RowFields row, Prompt prompt)
    {
        var judged = row.List("preference");
        if (judged.Length != Predictions * (Predictions - 1) / 2)
        {
            row.Fail("preference", $"found {judged.Length} judgements; expected 6, one for each pair of four predictions.");
            return [];
        }

        var pairs = new List<Preference>();
        var at = 0;
        for (var left = 1; left <= Predictions; left++)
        {
            for (var right = left + 1; right <= Predictions; right++, at++)
            {
                var (first, second) = (row.Text($"prediction {left}"), row.Text($"prediction {right}"));
                switch (row.WholeNumber(judged[at], $"preference[{at}]"))
                {
                    case 1:
                        pairs.Add(new Preference(prompt, first, second));
                        break;
                    case 2:
                        pairs.Add(new Preference(prompt, second, first));
                        break;
                    case 0:
                        row.LeftOut.Add("a tie: neither of the two predictions is preferred");
                        break;
                    case var other:
                        row.Fail($"preference[{at}]", $"found {other}; expected 1, 2, or 0 for a tie.");
                        break;
                }
            }
        }

        return pairs;
    }
}
