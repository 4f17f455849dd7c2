using System.Globalization;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>Two answers, one preferred. The prompt is given, or is the common beginning of both.</summary>
internal sealed class PreferenceRows : IRowFormat<Preference>
{
    /// <summary>Begins the assistant's turn in the transcripts of hh-rlhf (Bai et al. 2022).</summary>
    private const string AssistantTurn = "\n\nAssistant:";

    public const string Equal = "chosen equals rejected";

    public static PreferenceRows Instance { get; } = new();

    public DatasetKind Kind => DatasetKind.Preference;

    public Preference Read(RowFields row)
    {
        var (prompt, chosen, rejected) =
            // A text prompt beside conversations is their first turn (UltraFeedback).
            row.IsConversation("chosen")
            && row.IsConversation("rejected")
            && !row.IsConversation(PromptField.Name)
                ? SharedTurns(row)
            : row.Has(PromptField.Name) ? Explicit(row)
            : SharedText(row);
        if (chosen == rejected && !row.Failed)
        {
            row.Drop(Equal);
        }
        if (
            Same(row, "score_chosen", "score_rejected")
            || Same(row, "chosen_score", "rejected_score")
            || Same(row, "chosen_rating", "rejected_rating")
        )
        {
            row.Drop("a tie: both answers have the same score");
        }
        return new Preference(prompt, chosen, rejected, row.NumberOrNull("margin"))
        {
            Annotator = row.TextOrNull("annotator"),
            Model = AuthorField.Read(row),
            Cut = CutField.ReadPair(row),
            Probability = Probability(row),
            Gold = Gold(row),
        };
    }

    private static double Probability(RowFields row)
    {
        var probability = row.NumberOrNull("probability") ?? 1;
        if (probability is < 0 or > 1)
        {
            row.Fail(
                "probability",
                $"found {probability.ToString(CultureInfo.InvariantCulture)}; expected how likely chosen is to be better, from 0 to 1."
            );
        }

        return probability;
    }

    public void Write(Utf8JsonWriter json, Preference item)
    {
        PromptField.Write(json, item.Prompt);
        PromptField.WriteAnswer(json, "chosen", item.Prompt, item.Chosen);
        PromptField.WriteAnswer(json, "rejected", item.Prompt, item.Rejected);
        if (item.Gold is { } gold)
        {
            PromptField.WriteAnswer(json, "reference", item.Prompt, gold);
        }
        if (item.Margin is { } margin)
        {
            json.WriteNumber("margin", margin);
        }
        if (item.Probability != 1)
        {
            json.WriteNumber("probability", item.Probability);
        }
        CutField.Write(json, item);
        AuthorField.Write(json, item);
    }

    /// <summary>The third answer of triple preferences, which shares the prompt that is given.</summary>
    private static string? Gold(RowFields row)
    {
        if (!row.Has("reference"))
        {
            return null;
        }
        if (!row.Has(PromptField.Name))
        {
            row.Fail("reference", "found without a prompt; expected \"prompt\" beside it, whose answer it is.");
            return null;
        }

        return PromptField.ReadAnswer(row, PromptField.Read(row), "reference").Answer;
    }

    private static bool Same(RowFields row, string first, string second) =>
        row.NumberIn(first) is { } number && number == row.NumberIn(second);

    private static (Prompt, string, string) Explicit(RowFields row)
    {
        var given = PromptField.Read(row);
        var (chosenPrompt, chosen) = PromptField.ReadAnswer(row, given, "chosen");
        var (rejectedPrompt, rejected) = PromptField.ReadAnswer(row, given, "rejected");
        if (chosenPrompt != rejectedPrompt)
        {
            row.Drop("the two answers already differ before their last turn");
        }
        return (chosenPrompt, chosen, rejected);
    }

    private static (Prompt, string, string) SharedTurns(RowFields row)
    {
        var (chosen, rejected) = (row.Messages("chosen"), row.Messages("rejected"));
        var answers = (PromptField.Answer(row, chosen[^1], "chosen"), PromptField.Answer(row, rejected[^1], "rejected"));
        if (chosen.Length == 1 || rejected.Length == 1)
        {
            row.Drop("the two conversations share no prompt");
        }
        else if (!chosen[..^1].SequenceEqual(rejected[..^1]))
        {
            row.Drop("the two conversations already differ before their last turn");
        }
        return (new Prompt.Chat(chosen[..^1]), answers.Item1, answers.Item2);
    }

    private static (Prompt, string, string) SharedText(RowFields row)
    {
        var (chosen, rejected) = (row.Text("chosen"), row.Text("rejected"));
        var (chosenTurn, rejectedTurn) = (AfterLastTurn(chosen), AfterLastTurn(rejected));
        if (chosenTurn > 0 && rejectedTurn > 0)
        {
            if (chosen[..chosenTurn] != rejected[..rejectedTurn])
            {
                row.Drop("the two transcripts differ before the assistant's last turn");
            }
            return (new Prompt.Text(chosen[..chosenTurn]), chosen[chosenTurn..], rejected[rejectedTurn..]);
        }

        var shared = SharedWords(chosen, rejected);
        if (shared == 0)
        {
            row.Drop("the two texts share no prompt");
        }
        return (new Prompt.Text(chosen[..shared]), chosen[shared..], rejected[shared..]);
    }

    private static int AfterLastTurn(string transcript)
    {
        var turn = transcript.LastIndexOf(AssistantTurn, StringComparison.Ordinal);
        return turn < 0 ? 0 : turn + AssistantTurn.Length;
    }

    /// <summary>Length of the common beginning, up to the white space before the first word that differs, so that no word is cut.</summary>
    private static int SharedWords(string left, string right)
    {
        var length = left.AsSpan().CommonPrefixLength(right);
        while (
            length > 0
            && !(length < left.Length && char.IsWhiteSpace(left[length]) && length < right.Length && char.IsWhiteSpace(right[length]))
        )
        {
            length--;
        }

        return length;
    }
}
