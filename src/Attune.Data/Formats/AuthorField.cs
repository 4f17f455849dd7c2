using System.Text.Json;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>The field <c>author</c> of a label that a model gave: what it was asked, and where its probability comes from.</summary>
internal static class AuthorField
{
    public const string Name = "author";

    /// <summary>Null where a person gave the label, or nobody says.</summary>
    public static ModelAuthor? Read(RowFields row)
    {
        if (!row.Has(Name))
        {
            return null;
        }

        var author = row.Get(Name);
        if (author.ValueKind != JsonValueKind.Object || Text(author, "kind") != "model")
        {
            row.Fail(Name, "expected {\"kind\": \"model\", \"name\": ...}, or no author where a person gave the label.");
            return null;
        }

        return new ModelAuthor(Text(author, "name"), Text(author, "principle"), Text(author, "order"), Text(author, "prompt_hash"))
        {
            Evidence = Text(author, "evidence"),
        };
    }

    public static void Write(Utf8JsonWriter json, Label item)
    {
        if (item.Model is not { } model)
        {
            return;
        }

        json.WriteStartObject(Name);
        json.WriteString("kind", "model");
        json.WriteString("name", model.Name);
        json.WriteString("principle", model.Principle);
        json.WriteString("order", model.Order);
        json.WriteString("prompt_hash", model.PromptHash);
        json.WriteString("evidence", model.Evidence);
        json.WriteEndObject();
    }

    private static string Text(JsonElement author, string field) =>
        author.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
