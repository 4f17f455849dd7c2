using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>Texts to learn whole.</summary>
internal sealed class DocumentRows : IRowFormat<Document>
{
    public DatasetKind Kind => DatasetKind.LanguageModeling;

    public Document Read(RowFields row)
    {
        if (!row.Has("text") && row.Has("messages"))
        {
            row.Fail(
                "messages",
                "found a conversation; expected \"text\". Read conversations as demonstrations: the last turn is then the answer."
            );
        }
        else
        {
            return new Document(row.Text("text"));
        }
        return new Document("");
    }

    public void Write(Utf8JsonWriter json, Document item) => json.WriteText("text", item.Text);
}

/// <summary>
/// Prompts alone, or the prompts of any rows that have them; what else a row has are columns for rewards. Without "prompt", "question" is
/// the prompt, as in GSM8K (Cobbe et al. 2021).
/// </summary>
internal sealed class PromptRows : IRowFormat<Prompt>
{
    public const string Question = "question";

    public DatasetKind Kind => DatasetKind.PromptOnly;

    /// <summary>Not rows of marked spans: their <c>answer</c> is a field, and in rows of prompts it is a column.</summary>
    public ImmutableArray<DatasetKind> Reads =>
        [.. Enum.GetValues<DatasetKind>().Where(k => k is not (DatasetKind.LanguageModeling or DatasetKind.Spans))];

    public bool KeepsOtherFields => true;

    public Prompt Read(RowFields row)
    {
        var prompt =
            row.Has("chosen") ? PreferenceRows.Instance.Read(row).Prompt
            : !row.Has(PromptField.Name) && row.Has(Question) ? new Prompt.Text(row.Text(Question))
            : PromptField.Read(row);
        return prompt with
        {
            Columns = row
                .Names.Where(n => n != PromptField.Name)
                .Distinct()
                .ToImmutableSortedDictionary(n => n, row.Get, StringComparer.Ordinal),
        };
    }

    public void Write(Utf8JsonWriter json, Prompt item)
    {
        PromptField.Write(json, item);
        foreach (var (name, value) in item.Columns)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
    }
}

/// <summary>Answers to imitate: prompt and completion, or conversations whose last turn is the answer.</summary>
internal sealed class DemonstrationRows : IRowFormat<Demonstration>
{
    public DatasetKind Kind => DatasetKind.PromptCompletion;

    public ImmutableArray<DatasetKind> Reads => [DatasetKind.PromptCompletion, DatasetKind.LanguageModeling];

    public Demonstration Read(RowFields row)
    {
        row.ReadsTools = true;
        if (row.Names.Contains("messages"))
        {
            return OfConversation(row);
        }
        if (row.Has("text"))
        {
            row.Fail(
                "text",
                "found a text without prompt and answer; expected \"prompt\" and \"completion\". Read such rows as documents."
            );
        }
        var (prompt, answer) = PromptField.ReadReply(row, PromptField.Read(row), "completion");
        return Conversation.Demonstration(row, prompt, answer) with { Annotator = row.TextOrNull("annotator"), Cut = CutField.Read(row) };
    }

    public void Write(Utf8JsonWriter json, Demonstration item)
    {
        PromptField.Write(json, item.Prompt);
        PromptField.WriteReply(json, "completion", item.Prompt, item.Reply ?? new Message(Role.Assistant, item.Answer));
        CutField.Write(json, item);
    }

    private static Demonstration OfConversation(RowFields row)
    {
        var messages = row.Messages("messages");
        if (messages.Length < 2)
        {
            if (!row.Failed)
            {
                row.Fail("messages", "found one message; expected at least a question and an answer.");
            }

            return new Demonstration(new Prompt.Chat(messages), "");
        }

        _ = PromptField.Answer(row, messages[^1], "messages");
        return Conversation.Demonstration(row, new Prompt.Chat(messages[..^1]), messages[^1]) with
        {
            Annotator = row.TextOrNull("annotator"),
            Cut = CutField.Read(row),
        };
    }
}
