using Attune.Core.Feedback;
using static Attune.Data.Formats.JsonPart;

namespace Attune.Data.Formats;

/// <summary>
/// Tasks with instances, as Self-Instruct (Wang et al. 2022, arXiv:2212.10560) publishes its seeds: each instance of {input, output} is an
/// answer to the instruction, with its input below it.
/// </summary>
internal sealed class SeedTaskRows : IRowLayout
{
    public LaidOut? Fit(ColumnSample columns) =>
        columns.IsText("instruction") && columns.IsMessages("instances")
            ? new LaidOut(
                "tasks with instances {instruction, instances}",
                [DatasetKind.PromptCompletion, DatasetKind.PromptOnly],
                ["instruction", "instances"],
                Read
            )
            : null;

    private static IEnumerable<object> Read(RowFields row, DatasetKind kind)
    {
        var instruction = row.Text("instruction");
        foreach (var (i, instance) in row.List("instances").Index())
        {
            var input = row.Text(Get(instance, "input"), $"instances[{i}].input");
            var prompt = Conversation.Question(string.IsNullOrWhiteSpace(input) ? instruction : $"{instruction}\n{input}");
            yield return kind == DatasetKind.PromptOnly
                ? prompt
                : new Demonstration(prompt, row.Text(Get(instance, "output"), $"instances[{i}].output"));
        }
    }
}
