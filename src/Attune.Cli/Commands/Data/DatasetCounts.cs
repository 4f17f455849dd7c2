using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data;
using Attune.Data.Formats;

namespace Attune.Cli.Commands.Data;

/// <summary>Counts the rows of a file, whatever their kind.</summary>
internal static class DatasetCounts
{
    public static (int Rows, IEnumerable<string> Dropped, IEnumerable<string> Notes) Of(string path, DatasetKind kind) =>
        kind switch
        {
            DatasetKind.LanguageModeling => Count(DatasetFile.Read<Document>(path)),
            DatasetKind.PromptOnly => Count(DatasetFile.Read<Prompt>(path)),
            DatasetKind.PromptCompletion => Count(DatasetFile.Read<Demonstration>(path)),
            DatasetKind.Preference => Count(DatasetFile.Read<Preference>(path)),
            DatasetKind.UnpairedPreference => Count(DatasetFile.Read<Verdict>(path)),
            DatasetKind.Stepwise => Count(DatasetFile.Read<StepLabels>(path)),
            DatasetKind.Rating => Count(DatasetFile.Read<Rating>(path)),
            DatasetKind.Spans => Count(DatasetFile.Read<SpanLabels>(path)),
            DatasetKind.Choice => Count(DatasetFile.Read<Choice>(path)),
            _ => Count(DatasetFile.Read<Ranking>(path)),
        };

    private static (int, IEnumerable<string>, IEnumerable<string>) Count<T>(LoadedData<T> data) =>
        (data.Items.Length, data.Dropped.Select(d => d.ToString()), data.Notes);
}
