using System.Text.Json;
using Attune.Core.Feedback;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Feedback.Labels;
using Label = Attune.Core.Feedback.Label;

namespace Attune.Feedback.Snapshots;

/// <summary>Labels as the rows that stages read (docs/data-formats.md).</summary>
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
                Verdict[] verdicts = [.. all.SelectMany(JudgementLabels.ToTrain).Cast<Verdict>()];
                DatasetFile.Write(path, verdicts);
                return verdicts.Length;
            case SpanLabels:
                RowFile.Write(path, [.. all.Cast<SpanLabels>().Select(Row)]);
                break;
            case TimedRewards:
                RowFile.Write(path, [.. all.Cast<TimedRewards>().Select(Row)]);
                break;
            default:
                throw new System.Diagnostics.UnreachableException(all[0].GetType().Name);
        }

        return all.Length;
    }

    private static byte[] Row(TimedRewards label) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                prompt = label.Prompt,
                episode = label.Episode,
                rewards = label.Rewards,
                annotator = label.Annotator,
            },
            StoreJson.Options
        );

    /// <summary>
    /// The field is "answer", not "completion", so that a stage that learns from demonstrations does not take an answer with errors for
    /// one.
    /// </summary>
    private static byte[] Row(SpanLabels labels) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                prompt = labels.Prompt,
                answer = labels.Answer,
                spans = labels.Spans,
                missing = labels.Missing,
                passages = labels.Passages,
                corrected = labels.Corrected,
                annotator = labels.Annotator,
            },
            StoreJson.Options
        );
}
