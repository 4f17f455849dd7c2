using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>One answer with a verdict.</summary>
internal sealed class VerdictRows : IRowFormat<Verdict>
{
    public DatasetKind Kind => DatasetKind.UnpairedPreference;

    public Verdict Read(RowFields row)
    {
        var (prompt, answer) = PromptField.ReadAnswer(row, PromptField.Read(row), "completion");
        return new Verdict(prompt, answer, row.Flag("label")) { Annotator = row.TextOrNull("annotator"), Cut = CutField.Read(row) };
    }

    public void Write(Utf8JsonWriter json, Verdict item)
    {
        PromptField.Write(json, item.Prompt);
        PromptField.WriteAnswer(json, "completion", item.Prompt, item.Answer);
        json.WriteBoolean("label", item.Desirable);
        CutField.Write(json, item);
    }
}

/// <summary>One answer with a rating, on the scale of the row: from 0 to 1 where it names none.</summary>
internal sealed class RatingRows : IRowFormat<Rating>
{
    public DatasetKind Kind => DatasetKind.Rating;

    public Rating Read(RowFields row)
    {
        var (prompt, answer) = PromptField.ReadAnswer(row, PromptField.Read(row), "completion");
        var (rating, worst, best) = (
            row.Number(row.Get("rating"), "rating"),
            row.NumberOrNull("worst") ?? 0,
            row.NumberOrNull("best") ?? 1
        );
        if (!row.Failed && !(worst < best))
        {
            row.Fail("best", string.Create(CultureInfo.InvariantCulture, $"found {best}; expected more than worst, which is {worst}."));
        }
        if (!row.Failed && (rating < worst || rating > best))
        {
            row.Fail(
                "rating",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"found {rating}; expected {worst} to {best}. Name another scale by the fields worst and best."
                )
            );
        }
        return new Rating(prompt, answer, rating, worst, best) { Annotator = row.TextOrNull("annotator"), Cut = CutField.Read(row) };
    }

    public void Write(Utf8JsonWriter json, Rating item)
    {
        PromptField.Write(json, item.Prompt);
        PromptField.WriteAnswer(json, "completion", item.Prompt, item.Answer);
        json.WriteNumber("rating", item.Value);
        json.WriteNumber("worst", item.Worst);
        json.WriteNumber("best", item.Best);
        CutField.Write(json, item);
    }
}

/// <summary>Steps of a solution, each with a label: TRL's rows, and those of PRM800K and Math-Shepherd as they were published.</summary>
internal sealed class StepRows : IRowFormat<StepLabels>
{
    public DatasetKind Kind => DatasetKind.Stepwise;

    public StepLabels Read(RowFields row) =>
        row.Get("question").ValueKind == JsonValueKind.Object ? PublishedSteps.Prm800K(row)
        : row.Has("input") ? PublishedSteps.Shepherd(row)
        : ReadPlain(row);

    private static StepLabels ReadPlain(RowFields row)
    {
        var steps = row.Texts("completions");
        var labels = row.List("labels").Select((value, index) => Label(row, value, $"labels[{index}]")).ToImmutableArray();
        if (!row.Failed && steps.Length != labels.Length)
        {
            row.Fail("labels", $"found {labels.Length} labels for {steps.Length} completions; expected one for each.");
        }
        if (!row.Failed && steps.IsEmpty)
        {
            row.Fail("completions", "found none; expected at least one step.");
        }
        return new StepLabels(PromptField.Read(row), [.. steps.Zip(labels, (text, label) => new ReasoningStep(text, label))])
        {
            Annotator = row.TextOrNull("annotator"),
            Outcome = row.Has("outcome") ? row.Flag("outcome") : null,
        };
    }

    public void Write(Utf8JsonWriter json, StepLabels item)
    {
        PromptField.Write(json, item.Prompt);
        ListField.Write(json, "completions", item.Steps.Select(s => s.Text));
        json.WriteStartArray("labels");
        foreach (var (_, label) in item.Steps)
        {
            if (label is 1 or -1)
            {
                json.WriteBooleanValue(label > 0);
            }
            else
            {
                json.WriteNumberValue(label);
            }
        }

        json.WriteEndArray();
        if (item.Outcome is { } outcome)
        {
            json.WriteBoolean("outcome", outcome);
        }
    }

    /// <summary>true is 1, false is -1; a number stands for itself.</summary>
    private static double Label(RowFields row, JsonElement value, string field)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean() ? 1 : -1;
        }
        var label = row.Number(value, field);
        if (label is < -1 or > 1)
        {
            row.Fail(
                field,
                $"found {label.ToString(CultureInfo.InvariantCulture)}; expected true, false, or a number from -1 (wrong) to 1 (right)."
            );
        }
        return label;
    }
}

/// <summary>The best of several answers.</summary>
internal sealed class ChoiceRows : IRowFormat<Choice>
{
    public DatasetKind Kind => DatasetKind.Choice;

    public Choice Read(RowFields row)
    {
        var answers = ListField.Answers(row);
        var best = row.WholeNumber(row.Get("best"), "best");
        if (!row.Failed && (best < 0 || best >= answers.Length))
        {
            row.Fail("best", $"found {best}; expected the index of an answer, 0 to {answers.Length - 1}.");
        }
        return new Choice(PromptField.Read(row), answers, best)
        {
            Annotator = row.TextOrNull("annotator"),
            Cut = CutField.ReadSeveral(row, answers.Length),
        };
    }

    public void Write(Utf8JsonWriter json, Choice item)
    {
        PromptField.Write(json, item.Prompt);
        ListField.Write(json, "answers", item.Answers);
        json.WriteNumber("best", item.Best);
        CutField.Write(json, item);
    }
}

/// <summary>Several answers in order.</summary>
internal sealed class RankingRows : IRowFormat<Ranking>
{
    public DatasetKind Kind => DatasetKind.Ranking;

    public Ranking Read(RowFields row)
    {
        var answers = ListField.Answers(row);
        var ranks = row.List("ranks").Select((value, index) => row.WholeNumber(value, $"ranks[{index}]")).ToImmutableArray();
        if (!row.Failed && ranks.Length != answers.Length)
        {
            row.Fail("ranks", $"found {ranks.Length} ranks for {answers.Length} answers; expected one for each.");
        }
        if (!row.Failed && ranks.Any(r => r < 1))
        {
            row.Fail("ranks", $"found {ranks.Min()}; expected ranks from 1, the best; equal ranks are ties.");
        }
        return new Ranking(PromptField.Read(row), answers, ranks)
        {
            Annotator = row.TextOrNull("annotator"),
            Cut = CutField.ReadSeveral(row, answers.Length),
        };
    }

    public void Write(Utf8JsonWriter json, Ranking item)
    {
        PromptField.Write(json, item.Prompt);
        ListField.Write(json, "answers", item.Answers);
        json.WriteStartArray("ranks");
        foreach (var rank in item.Ranks)
        {
            json.WriteNumberValue(rank);
        }

        json.WriteEndArray();
        CutField.Write(json, item);
    }
}

internal static class ListField
{
    public static ImmutableArray<string> Answers(RowFields row)
    {
        var answers = row.Texts("answers");
        if (!row.Failed && answers.Length < 2)
        {
            row.Fail("answers", $"found {answers.Length}; expected at least two answers to choose from.");
        }
        return answers;
    }

    public static void Write(Utf8JsonWriter json, string field, IEnumerable<string> texts)
    {
        json.WriteStartArray(field);
        foreach (var text in texts)
        {
            json.WriteText(text);
        }

        json.WriteEndArray();
    }
}
