using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using static Attune.Data.Formats.JsonPart;

namespace Attune.Data.Formats;

/// <summary>
/// Tools in conversations, as transformers and TRL have them: a column <c>tools</c> of JSON schemas (a list, or JSON text of one),
/// <c>tool_calls</c> in the assistant's messages, and messages of the role tool with a <c>name</c> or <c>tool_call_id</c>. They are kept as
/// they were written, since templates read them so.
/// </summary>
internal static class ToolFields
{
    public const string Tools = "tools";
    private const string Calls = "tool_calls";
    private const string OtherForm = "a call of a tool is not of the form {\"function\": {\"name\", \"arguments\"}}";
    private static readonly string[] OfTool = ["name", "tool_call_id"];
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The row's tools; null for none.</summary>
    public static string? Read(RowFields row)
    {
        var value = row.Get(Tools);
        if (value.ValueKind == JsonValueKind.String && Parsed(value.GetString()!) is { } list)
        {
            value = list;
        }

        if (
            value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
            || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0)
        )
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsTool))
        {
            return Kept(value);
        }

        row.Drop("\"tools\" is no list of functions, each with its name");
        return null;
    }

    /// <summary>Whether a part of a message is read here.</summary>
    public static bool Has(string part, Role role) => part == Calls || (role == Role.Tool && OfTool.Contains(part));

    /// <summary>Everything of a message but its role, where it calls tools or is one's; null for other messages.</summary>
    /// <param name="content">The key of the content, and what it says.</param>
    public static string? Of(RowFields row, JsonElement message, Role role, (string Key, string Text) content)
    {
        var calls = Get(message, Calls);
        var hasCalls = calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() > 0;
        if (!hasCalls && (role != Role.Tool || !OfTool.Any(part => Get(message, part).ValueKind == JsonValueKind.String)))
        {
            return null;
        }

        if (hasCalls && (role != Role.Assistant || !calls.EnumerateArray().All(IsCall)))
        {
            row.Drop(role == Role.Assistant ? OtherForm : "somebody else than the assistant calls a tool");
            return null;
        }

        var fields = new JsonObject();
        foreach (var part in message.EnumerateObject())
        {
            if (part.Name == content.Key)
            {
                fields["content"] = part.Value.ValueKind == JsonValueKind.Null ? null : content.Text;
            }
            else if (Has(part.Name, role) && part.Value.ValueKind != JsonValueKind.Null)
            {
                fields[part.Name] = WithoutNulls(JsonNode.Parse(part.Value.GetRawText()));
            }
        }

        return fields.ToJsonString(Plain);
    }

    private static bool IsTool(JsonElement tool) =>
        tool.ValueKind == JsonValueKind.Object
        && (Get(tool, "function") is { ValueKind: JsonValueKind.Object } function ? Get(function, "name") : Get(tool, "name")).ValueKind
            == JsonValueKind.String;

    private static bool IsCall(JsonElement call)
    {
        var function = Get(call, "function") is { ValueKind: JsonValueKind.Object } inner ? inner : call;
        return function.ValueKind == JsonValueKind.Object
            && Get(function, "name").ValueKind == JsonValueKind.String
            && Get(function, "arguments").ValueKind is JsonValueKind.Object or JsonValueKind.String;
    }

    private static JsonElement? Parsed(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Tables give every call every key: nulls stand for what it does not have.</summary>
    private static JsonNode? WithoutNulls(JsonNode? node) =>
        node switch
        {
            JsonArray list => new JsonArray([.. list.Select(WithoutNulls)]),
            JsonObject dict => new JsonObject(
                dict.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Key, WithoutNulls(p.Value)))
            ),
            _ => node?.DeepClone(),
        };

    private static string Kept(JsonElement value) => JsonNode.Parse(value.GetRawText())!.ToJsonString(Plain);
}
