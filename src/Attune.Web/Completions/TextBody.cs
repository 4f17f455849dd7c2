using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Completions;
using Attune.Core.Conversations;

namespace Attune.Web.Completions;

/// <summary>Reads the body of <c>/v1/completions</c>.</summary>
internal static class TextBody
{
    private const int MostPrompts = 256;

    // OpenAI's default.
    private const int DefaultTokens = 16;

    /// <exception cref="ApiRefusal">A parameter is wrong, unknown or not supported.</exception>
    public static CompletionCall Read(RequestFields fields, ICompletionModel model)
    {
        CompletionCall.RequireModel(fields, model);
        var prompts = Prompts(fields.Any("prompt"), model);
        var echo = fields.Flag("echo");
        var likeliest = CompletionCall.AlternativesOf(fields, "logprobs");
        fields.Refuse("suffix", "\"\"");
        fields.Refuse("best_of", "1");
        // With echo, 0 requests only the prompt.
        var longest = fields.Whole("max_tokens", echo ? 0 : 1, int.MaxValue) ?? DefaultTokens;
        return CompletionCall.Read(
            fields,
            model,
            echo ? prompts : [.. prompts.Select(p => p with { Echo = null })],
            longest,
            "max_tokens",
            likeliest
        );
    }

    private static ImmutableArray<CallPrompt> Prompts(JsonElement? prompt, ICompletionModel model) =>
        prompt switch
        {
            null => throw new ApiRefusal("'prompt' is missing; expected a string.", "prompt"),
            { ValueKind: JsonValueKind.String } text => [OfText(text, model)],
            { ValueKind: JsonValueKind.Array } list
                when list.GetArrayLength() is > 0 and <= MostPrompts && list[0].ValueKind != JsonValueKind.Number =>
            [
                .. list.EnumerateArray().Select(p => p.ValueKind == JsonValueKind.String ? OfText(p, model) : OfTokens(p, model)),
            ],
            { ValueKind: JsonValueKind.Array } list when list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Number =>
            [
                OfTokens(list, model),
            ],
            { } other => throw RequestFields.Wrong(
                "prompt",
                other,
                $"a string, a list of token ids, or a list of at most {MostPrompts} of either"
            ),
        };

    private static CallPrompt OfText(JsonElement text, ICompletionModel model)
    {
        var prompt = RequestFields.TextOf("prompt", text);
        return new CallPrompt(model.Encode(new Prompt.Text(prompt)), prompt);
    }

    private static CallPrompt OfTokens(JsonElement list, ICompletionModel model)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw RequestFields.Wrong("prompt", list, "a text, or a list of token ids");
        }
        ImmutableArray<int> tokens =
        [
            .. list.EnumerateArray()
                .Select(t =>
                    t.ValueKind == JsonValueKind.Number && t.TryGetInt32(out var id)
                        ? id
                        : throw RequestFields.Wrong("prompt", t, "a token id")
                ),
        ];
        return new CallPrompt(new EncodedPrompt(tokens), model.Decode(tokens));
    }
}
