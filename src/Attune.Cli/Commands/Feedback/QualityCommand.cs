using System.CommandLine;
using System.Globalization;
using Attune.Feedback.Quality;

namespace Attune.Cli.Commands.Feedback;

/// <summary><c>attune feedback quality</c></summary>
internal static class QualityCommand
{
    private static readonly Option<string> Database = FeedbackArguments.Database();
    private static readonly Option<string> Project = FeedbackArguments.Project();
    private static readonly Option<bool> Json = Arguments.Json();

    public static Command Create()
    {
        var command = new Command(
            "quality",
            "Report how far annotators agree with gold tasks, with each other and with themselves.\n\n"
                + "Example: attune feedback quality --project harmless"
        )
        {
            Database,
            Project,
            Json,
        };
        command.SetAction(ReportAsync);
        return command;
    }

    private static async Task<int> ReportAsync(ParseResult parsed, CancellationToken cancel)
    {
        await using var store = await FeedbackArguments.OpenAsync(parsed.GetRequiredValue(Database), cancel);
        var project = await store.Projects.RequireAsync(parsed.GetRequiredValue(Project), cancel);
        var report = await store.Quality.OfAsync(project.Id, cancel);
        FeedbackArguments.Print(
            parsed.GetValue(Json),
            report,
            [
                .. report.Agreement.IsEmpty ? ["no task has two labels yet, so agreement cannot be measured"] : Array.Empty<string>(),
                .. report.Agreement.Select(a =>
                    $"{a.Name} of {a.Of}: {FeedbackArguments.Number(a.Interval.Value)} "
                    + $"({FeedbackArguments.Number(a.Interval.Low)} to {FeedbackArguments.Number(a.Interval.High)}), "
                    + $"{a.Interval.Units} tasks"
                ),
                report.FirstShown is { } first
                    ? $"the answer shown first wins {FeedbackArguments.Number(first.Value)} "
                        + $"({FeedbackArguments.Number(first.Low)} to {FeedbackArguments.Number(first.High)}) of {first.Units} comparisons"
                    : null,
                .. report.Annotators.Select(Line),
            ]
        );
        return 0;
    }

    private static string Line(AnnotatorQuality figures) =>
        $"{figures.Pseudonym}: {figures.Labels} labels"
        + (figures.GoldAnswered > 0 ? $", gold {figures.GoldRight} of {figures.GoldAnswered}" : "")
        + (figures.Repeats > 0 ? $", repeats alike {figures.RepeatsAlike} of {figures.Repeats}" : "")
        + (figures.WithOthers is { } others ? $", agreement with others {FeedbackArguments.Number(others)}" : "")
        + (figures.MedianActive is { } time ? $", median {FeedbackArguments.Number(time.TotalSeconds)} s" : "")
        + (figures.Drift is { } drift ? $", drift {drift.ToString("+0.000;-0.000", CultureInfo.InvariantCulture)}" : "");
}
