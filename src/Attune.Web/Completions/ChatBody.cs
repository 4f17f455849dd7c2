using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Completions;
using Attune.Core.Conversations;

namespace Attune.Web.Completions;

/// <summary>Reads the body of <c>/v1/chat/completions</c>.</summary>
internal static class ChatBody
{
    /// <exception cref="ApiRefusal">A parameter is wrong, unknown or not supported.</exception>
    public static CompletionCall Read(RequestFields fields, ICompletionModel model)
    {
        CompletionCall.RequireModel(fields, model);
        var messages = Messages(fields);
        var (newer, older) = (fields.Whole("max_completion_tokens", 1, int.MaxValue), fields.Whole("max_tokens", 1, int.MaxValue));
        if (newer is not null && older is not null && newer != older)
        {
            throw new ApiRefusal("'max_tokens' and 'max_completion_tokens' differ; give one of them.", "max_completion_tokens");
        }
        var logProbs = fields.Flag("logprobs");
        var likeliest = CompletionCall.AlternativesOf(fields, "top_logprobs");
        if (likeliest > 0 && !logProbs)
        {
            throw new ApiRefusal("'top_logprobs' requires 'logprobs': true.", "top_logprobs");
        }
        fields.Refuse("response_format", """{"type":"text"}""");
        fields.Refuse("tools", "[]");
        fields.Refuse("tool_choice", "\"none\"", "\"auto\"");
        fields.Refuse("functions", "[]");
        fields.Refuse("function_call", "\"none\"");
        fields.Refuse("modalities", "[\"text\"]");
        fields.Pass("parallel_tool_calls");
        var prompt = new CallPrompt(model.Encode(new Prompt.Chat(messages)), null);
        return CompletionCall.Read(
            fields,
            model,
            [prompt],
            newer ?? older,
            newer is null ? "max_tokens" : "max_completion_tokens",
            logProbs ? likeliest ?? 0 : null
        );
    }

    private static ImmutableArray<Message> Messages(RequestFields fields) =>
        fields.Any("messages") switch
        {
            null => throw new ApiRefusal("'messages' is missing; expected a list of messages.", "messages"),
            { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() > 0 => [.. list.EnumerateArray().Select(Read)],
            { } other => throw RequestFields.Wrong("messages", other, "a list of at least one message"),
        };

    private static Message Read(JsonElement message, int index)
    {
        var where = $"messages[{index}]";
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw RequestFields.Wrong(where, message, "an object with role and content");
        }
        foreach (var field in message.EnumerateObject())
        {
            var isEmpty =
                field.Value.ValueKind == JsonValueKind.Null
                || (field.Value.ValueKind == JsonValueKind.Array && field.Value.GetArrayLength() == 0);
            if (field.Name is not ("role" or "content") && !isEmpty)
            {
                throw new ApiRefusal(
                    $"'{where}.{field.Name}' is not supported; messages have a role and a content.",
                    $"{where}.{field.Name}",
                    "unsupported_parameter"
                );
            }
        }

        var name =
            message.TryGetProperty("role", out var said) && said.ValueKind == JsonValueKind.String
                ? RequestFields.TextOf($"{where}.role", said)
                : "";
        var role = name switch
        {
            "system" or "developer" => Role.System,
            "user" => Role.User,
            "assistant" => Role.Assistant,
            "tool" => Role.Tool,
            _ => throw new ApiRefusal($"'{where}.role' is '{name}'; expected system, developer, user, assistant or tool.", $"{where}.role"),
        };
        return new Message(
            role,
            message.TryGetProperty("content", out var content)
                ? Content(content, $"{where}.content")
                : throw new ApiRefusal($"'{where}.content' is missing.", $"{where}.content")
        );
    }

    private static string Content(JsonElement content, string where) =>
        content.ValueKind switch
        {
            JsonValueKind.String => RequestFields.TextOf(where, content),
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(part => Part(part, where))),
            _ => throw RequestFields.Wrong(where, content, "a string, or a list of text parts"),
        };

    private static string Part(JsonElement part, string where) =>
        part.ValueKind == JsonValueKind.Object
        && part.EnumerateObject().Count() == 2
        && part.TryGetProperty("type", out var type)
        && type.ValueEquals("text")
        && part.TryGetProperty("text", out var text)
        && text.ValueKind == JsonValueKind.String
            ? RequestFields.TextOf(where, text)
            : throw new ApiRefusal($"'{where}' has a part that is not text; only text is supported.", where, "unsupported_parameter");
}
