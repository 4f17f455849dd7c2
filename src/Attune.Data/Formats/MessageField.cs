using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Data.Sources;
using Attune.Text.Templates;
using static Attune.Data.Formats.JsonPart;

namespace Attune.Data.Formats;

/// <summary>
/// One turn of a conversation, as TRL (role, content) and ShareGPT (from, value) write it. A content may be a list of parts. What a
/// message holds besides is not read, and is counted; tools and pictures are not supported, so that such rows are left out.
/// </summary>
internal static class MessageField
{
    private static readonly ImmutableArray<string> Speakers = ["role", "from", "speaker"];
    private static readonly ImmutableArray<string> Contents = ["content", "value", "text"];
    private static readonly ImmutableArray<string> Calls = ["tool_calls", "tool_call", "function_call"];

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
        value.ValueKind == JsonValueKind.Object && Key(value, Speakers) is not null && Key(value, Contents) is not null;

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
        foreach (var part in value.EnumerateObject().Where(p => p.Name != speaker && p.Name != content))
        {
            CheckOther(row, value, part, field);
        }

        return new Message(
            ReadRole(row, Get(value, speaker), $"{field}.{speaker}"),
            ReadContent(row, Get(value, content), $"{field}.{content}")
        );
    }

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
            row.Drop("a message calls a tool, which is not supported yet");
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
            row.Drop("a message calls a tool, which is not supported yet");
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
