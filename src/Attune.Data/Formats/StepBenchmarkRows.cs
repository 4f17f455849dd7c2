using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>
/// Solutions with steps that were made wrong, as PRMBench (Song et al. 2025, arXiv:2501.03124) publishes them: the original process, whose
/// steps are right, and the modified one, whose <c>error_steps</c>, counted from 1, are wrong.
/// </summary>
internal sealed class StepBenchmarkRows : IRowLayout
{
    private const string Original = "original_process";
    private const string Modified = "modified_process";
    private const string Errors = "error_steps";

    public LaidOut? Fit(ColumnSample columns) =>
        columns.Has(Original) && columns.Has(Modified) && columns.Has(Errors)
            ? new LaidOut(
                $"right and wrong solutions {{{Original}, {Modified}, {Errors}}}",
                [DatasetKind.Stepwise, DatasetKind.PromptCompletion, DatasetKind.PromptOnly],
                ["original_question", "modified_question", Original, Modified, Errors],
                Read
            )
            : null;

    private static IEnumerable<object> Read(RowFields row, DatasetKind kind)
    {
        // As in the other published steps, a solution does not begin on the problem's line.
        var prompt = new Prompt.Text(row.Text("original_question") + "\n");
        var right = row.Texts(Original);
        return kind switch
        {
            DatasetKind.PromptOnly => [prompt],
            DatasetKind.PromptCompletion => [new Demonstration(prompt, string.Join('\n', right))],
            _ => [new StepLabels(prompt, [.. right.Select(s => new ReasoningStep(s, 1))]), .. WithErrors(row)],
        };
    }

    private static ImmutableArray<StepLabels> WithErrors(RowFields row)
    {
        var steps = row.Texts(Modified);
        var errors = row.List(Errors).Select((e, i) => row.WholeNumber(e, $"{Errors}[{i}]")).ToHashSet();
        if (errors.Count == 0 || errors.Any(e => e < 1 || e > steps.Length))
        {
            row.LeftOut.Add("the modified solution's error_steps name a step that it does not have");
            return [];
        }

        return
        [
            new StepLabels(
                new Prompt.Text(row.Text("modified_question") + "\n"),
                [.. steps.Select((s, i) => new ReasoningStep(s, errors.Contains(i + 1) ? -1 : 1))]
            ),
        ];
    }
}
