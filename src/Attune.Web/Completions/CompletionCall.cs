using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Attune.Core.Completions;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Microsoft.AspNetCore.Http;

namespace Attune.Web.Completions;

/// <summary>A prompt of a call, and its text if the answer should begin with it.</summary>
/// <param name="Echo">Null if the answer does not repeat the prompt.</param>
internal sealed record CallPrompt(EncodedPrompt Encoded, string? Echo);

/// <summary>A parsed request.</summary>
internal sealed record CompletionCall
{
    private const int MostAnswers = 128;
    private const int MostAnswersOfAll = 512;
    private const int MostStops = 16;
    private const int MostAlternatives = 20;

    /// <summary>One or more texts to complete.</summary>
    public required ImmutableArray<CallPrompt> Prompts { get; init; }
    public required SamplingOptions Sampling { get; init; }
    public required Seed Seed { get; init; }
    public required int Count { get; init; }
    public int? Alternatives { get; init; }

    /// <summary>Only the prompt's log-probabilities are wanted, not the answer.</summary>
    public bool DropsAnswer { get; init; }
    public bool Stream { get; init; }
    public bool IncludeUsage { get; init; }

    public CompletionRequest Request(int prompt) =>
        new(Prompts[prompt].Encoded, Sampling, Seed.For("prompt", prompt))
        {
            Count = Count,
            Alternatives = Alternatives,
            ReportsPrompt = Prompts[prompt].Echo is not null,
        };

    /// <summary>Reads the parameters that chats and texts share.</summary>
    /// <param name="longest">The most tokens to generate; null for as many as the context holds.</param>
    /// <exception cref="ApiRefusal">A parameter is wrong, unknown or not supported.</exception>
    public static CompletionCall Read(
        RequestFields fields,
        ICompletionModel model,
        ImmutableArray<CallPrompt> prompts,
        int? longest,
        string longestName,
        int? alternatives
    )
    {
        var room = RequireRoom(model, prompts, longest, longestName);
        var stream = fields.Flag("stream");
        var call = new CompletionCall
        {
            Prompts = prompts,
            Sampling = SamplingOf(fields, Math.Max(1, longest ?? room)),
            Seed = new Seed(
                fields.Long("seed") is { } seed ? unchecked((ulong)seed) : BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8))
            ),
            Count = fields.Whole("n", 1, MostAnswers) ?? 1,
            Alternatives = alternatives,
            DropsAnswer = longest == 0,
            Stream = stream,
            IncludeUsage = UsageAsked(fields, stream),
        };
        if (call.Count * prompts.Length > MostAnswersOfAll)
        {
            throw new ApiRefusal(
                $"{prompts.Length} prompts with 'n' {call.Count} are {call.Count * prompts.Length} answers; expected at most "
                    + $"{MostAnswersOfAll} in one request.",
                "n"
            );
        }
        fields.Refuse("frequency_penalty", "0", "0.0");
        fields.Refuse("presence_penalty", "0", "0.0");
        fields.Refuse("logit_bias", "{}");
        fields.Pass("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key");
        fields.RequireNothingElse();
        return call;
    }

    /// <returns>The tokens that the model can still add to the longest prompt.</returns>
    private static int RequireRoom(ICompletionModel model, ImmutableArray<CallPrompt> prompts, int? longest, string longestName)
    {
        var prompt = prompts.Max(p => p.Encoded.Tokens.Length);
        var room = model.ContextLength - prompt;
        if (room < 1 || longest > room)
        {
            throw new ApiRefusal(
                $"The prompt has {prompt} tokens{(longest is null ? "" : $" and the answer may have {longest}")}; the model's context "
                    + $"holds {model.ContextLength}. Shorten the prompt{(longest is null ? "" : $" or lower '{longestName}'")}.",
                room < 1 ? null : longestName,
                "context_length_exceeded"
            );
        }

        return room;
    }

    private static SamplingOptions SamplingOf(RequestFields fields, int tokens)
    {
        var sampling = new SamplingOptions
        {
            Temperature = fields.Number("temperature", 0, 2) ?? 1,
            TopP = fields.Number("top_p", 0, 1) ?? 1,
            TopK = fields.Whole("top_k", 0, int.MaxValue) ?? 0,
            MinP = fields.Number("min_p", 0, 0.999) ?? 0,
            MaxNewTokens = tokens,
            StopSequences = fields.Texts("stop", MostStops),
        };
        if (sampling.TopP == 0)
        {
            throw new ApiRefusal(
                "'top_p' is 0; expected more than 0. To always choose the most likely token, set temperature to 0.",
                "top_p"
            );
        }
        return sampling;
    }

    public static int? AlternativesOf(RequestFields fields, string name) => fields.Whole(name, 0, MostAlternatives);

    /// <exception cref="ApiRefusal">The request names another model.</exception>
    public static void RequireModel(RequestFields fields, ICompletionModel model)
    {
        var name = fields.Text("model") ?? throw new ApiRefusal($"'model' is missing; expected '{model.Name}'.", "model");
        if (name != model.Name)
        {
            throw new ApiRefusal(NoModel(name, model));
        }
    }

    public static ApiProblem NoModel(string name, ICompletionModel? model) =>
        new(
            StatusCodes.Status404NotFound,
            model is null
                ? $"There is no model '{name}': the server was started without --model."
                : $"There is no model '{name}'; this server has '{model.Name}'.",
            "model",
            "model_not_found"
        );

    private static bool UsageAsked(RequestFields fields, bool stream)
    {
        if (fields.Any("stream_options") is not { } options)
        {
            return false;
        }
        if (!stream || options.ValueKind != JsonValueKind.Object)
        {
            throw new ApiRefusal("'stream_options' must be an object and requires 'stream': true.", "stream_options");
        }
        var asked = false;
        foreach (var option in options.EnumerateObject())
        {
            if (option.Name == "include_usage" && option.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            {
                asked = option.Value.GetBoolean();
            }
            else if (option.Name != "include_obfuscation" || option.Value.ValueKind != JsonValueKind.False)
            {
                throw new ApiRefusal(
                    $"'stream_options.{option.Name}' is not supported; expected include_usage, true or false.",
                    "stream_options",
                    "unsupported_parameter"
                );
            }
        }

        return asked;
    }
}
