using System.Collections.Immutable;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>The layouts of published data sets.</summary>
internal static class RowLayouts
{
    // Those with the most telling columns first.
    private static readonly ImmutableArray<IRowLayout> All =
    [
        new AssistantTreeRows(),
        new PredictionRows(),
        new PublishedProblemRows(),
        new StepBenchmarkRows(),
        new SeedTaskRows(),
        new ConversationRows(),
        new InstructionRows(),
        new LabelledTextRows(),
    ];

    /// <summary>Which of them a file has; null for none.</summary>
    public static LaidOut? Of(IEnumerable<JsonRow> rows)
    {
        var sample = ColumnSample.Of(rows);
        return All.Select(l => l.Fit(sample)).FirstOrDefault(l => l is not null);
    }
}
