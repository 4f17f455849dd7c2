using Attune.Feedback.Labels;
using System.Text.Json;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Label = Attune.Core.Feedback.Label;

namespace Attune.Feedback.Snapshots;

/// <summary>Feedback as the rows that stages read (docs/data-formats.md).</summary>
internal static class TrainingRows
{
    /// <returns>How many rows; ratings in the middle of their scale make none.</returns>
    public static int Write(string path, IEnumerable<Label> feedback)
    {
        Label[] all = [.. feedback];
        switch (all[0])
        {
            case Preference:
                DatasetFile.Write(path, all.Cast<Preference>());
                break;
            case Ranking:
                DatasetFile.Write(path, all.Cast<Ranking>());
                break;
            case Choice:
                DatasetFile.Write(path, all.Cast<Choice>());
                break;
            case StepLabels:
                DatasetFile.Write(path, all.Cast<StepLabels>());
                break;
            case Verdict:
                DatasetFile.Write(path, all.Cast<Verdict>());
                break;
            case Rating:
                // Above the middle is desirable; the middle itself says neither, and stays in labels.jsonl alone.
                Verdict[] verdicts =
                [
                    .. all.Cast<Rating>()
                        .Where(r => r.Share != 0.5)
                        .Select(r => new Verdict(r.Prompt, r.Answer, r.Share > 0.5) { Annotator = r.Annotator }),
                ];
                DatasetFile.Write(path, verdicts);
                return verdicts.Length;
            case SpanLabels:
                // "answer", not "completion": a stage that learns from demonstrations must not take an answer with errors for one.
                RowFile.Write(
                    path,
                    [
                        .. all.Cast<SpanLabels>()
                            .Select(s =>
                                JsonSerializer.SerializeToUtf8Bytes(
                                    new
                                    {
                                        prompt = s.Prompt,
                                        answer = s.Answer,
                                        spans = s.Spans,
                                        missing = s.Missing,
                                        passages = s.Passages,
                                        corrected = s.Corrected,
                                        annotator = s.Annotator,
                                    },
                                    StoreJson.Options
                                )
                            ),
                    ]
                );
                break;
            default:
                throw new System.Diagnostics.UnreachableException(all[0].GetType().Name);
        }

        return all.Length;
    }
}
