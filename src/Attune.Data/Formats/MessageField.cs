using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Data.Sources;
using Attune.Text.Templates;
using static Attune.Data.Formats.JsonPart;

namespace Attune.Data.Formats;

/// <summary>
/// One turn of a conversation, as TRL (role, content) and ShareGPT (from, value) write it. A content may be a list of parts. What a
/// message holds besides is not read, and is counted; rows with calls of tools are left out but where they are learned, and those with
/// pictures everywhere.
/// </summary>
internal static class MessageField
{
    private static readonly ImmutableArray<string> Speakers = ["role", "from", "speaker"];
    private static readonly ImmutableArray<string> Contents = ["content", "value", "text"];
    private static readonly ImmutableArray<string> Calls = ["tool_calls", "tool_call", "function_call"];

    private const string CallsTool = "a message calls a tool, which is read in messages that sft learns, with tool_calls, and nowhere else";

    private static readonly Dictionary<string, Role> Roles = new(StringComparer.OrdinalIgnoreCase)
    {
        ["system"] = Role.System,
        ["developer"] = Role.System,
        ["user"] = Role.User,
        ["human"] = Role.User,
        ["prompter"] = Role.User,
        ["assistant"] = Role.Assistant,
        ["gpt"] = Role.Assistant,
        ["chatgpt"] = Role.Assistant,
        ["bot"] = Role.Assistant,
        ["model"] = Role.Assistant,
        ["tool"] = Role.Tool,
        ["function"] = Role.Tool,
        ["observation"] = Role.Tool,
        ["function_response"] = Role.Tool,
    };

    /// <summary>Whether an object looks like a message.</summary>
    public static bool Fits(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && Key(value, Speakers) is not null
        && (Key(value, Contents) is not null || value.TryGetProperty(Calls[0], out _));

    public static Message Read(RowFields row, JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            row.Wrong(value, field, "a message with \"role\" and \"content\"");
            return new Message(Role.User, "");
        }

        // Where one of the two is missing, the other says by whose names the message is written.
        var (speaker, content) = (Key(value, Speakers), Key(value, Contents));
        (speaker, content) = (
            speaker ?? (content == "value" ? "from" : Speakers[0]),
            content ?? (speaker == "from" ? "value" : Contents[0])
        );
        var role = ReadRole(row, Get(value, speaker), $"{field}.{speaker}");
        foreach (var part in value.EnumerateObject().Where(p => p.Name != speaker && p.Name != content))
        {
            if (!row.ReadsTools || !ToolFields.Has(part.Name, role))
            {
                CheckOther(row, value, part, field);
            }
        }

        // Whoever calls a tool need not say anything.
        var silent = row.ReadsTools && IsCall(value) && Get(value, content).ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;
        var text = silent ? "" : ReadContent(row, Get(value, content), $"{field}.{content}");
        return new Message(role, text) { Fields = row.ReadsTools ? ToolFields.Of(row, value, role, (content, text)) : null };
    }

    private static bool IsCall(JsonElement message) =>
        Get(message, Calls[0]) is { ValueKind: JsonValueKind.Array } calls && calls.GetArrayLength() > 0;

    private static void CheckOther(RowFields row, JsonElement message, JsonProperty part, string field)
    {
        var empty =
            part.Value.ValueKind == JsonValueKind.Null || (part.Value.ValueKind == JsonValueKind.Array && part.Value.GetArrayLength() == 0);
        if (empty)
        {
            return;
        }

        if (Calls.Contains(part.Name))
        {
            row.Drop(CallsTool);
        }
        else if (Misspelling.Of(part.Name, ["role", "content", "from", "value"], name => Partner(message, name)) is { } meant)
        {
            row.Fail($"{field}.{part.Name}", $"not a field of messages. Did you mean '{meant}', which is missing?");
        }
        else
        {
            row.NotUsed($"{RowFields.WithoutPlaces(field)}.{part.Name}");
        }
    }

    /// <summary>Whether the message has the field, or another one of the same meaning.</summary>
    private static bool Partner(JsonElement message, string name) =>
        Key(message, Speakers.Contains(name) ? Speakers : Contents) is not null;

    private static Role ReadRole(RowFields row, JsonElement value, string field)
    {
        var name = row.Text(value, field);
        if (Roles.TryGetValue(name, out var role))
        {
            return role;
        }

        if (name == "function_call")
        {
            row.Drop(CallsTool);
        }
        else if (value.ValueKind == JsonValueKind.String)
        {
            row.Fail(field, $"found '{ValueDescription.Shorten(name)}'; expected one of {string.Join(", ", RoleNames.All)}.");
        }

        return Role.User;
    }

    /// <summary>Parts of text are put below each other.</summary>
    private static string ReadContent(RowFields row, JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            return row.Text(value, field);
        }

        return string.Join('\n', value.EnumerateArray().Select((part, i) => ReadPart(row, part, $"{field}[{i}]")));
    }

    private static string ReadPart(RowFields row, JsonElement part, string field)
    {
        if (part.ValueKind == JsonValueKind.String)
        {
            return row.Text(part, field);
        }

        if (
            part.ValueKind == JsonValueKind.Object
            && Get(part, "type") is { ValueKind: JsonValueKind.String } type
            && !type.ValueEquals("text")
        )
        {
            row.Drop("a message has parts other than text, which are not supported yet");
            return "";
        }

        return row.Text(part.ValueKind == JsonValueKind.Object ? Get(part, "text") : part, field + ".text");
    }

    private static string? Key(JsonElement message, ImmutableArray<string> names) =>
        names.FirstOrDefault(n => message.TryGetProperty(n, out _));
}
