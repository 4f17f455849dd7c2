using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Models.Configuration;

namespace Attune.Models.Decoding;

/// <summary>Refuses what a model cannot decode.</summary>
internal static class RequestChecks
{
    /// <exception cref="AttuneException">Options or a request cannot work with a model of this shape.</exception>
    internal static void All(TransformerConfig config, IReadOnlyList<SampleRequest> requests, SamplingOptions options)
    {
        string[] problems = [.. options.Problems()];
        if (options.EndToken is { } end && (end < 0 || end >= config.VocabularySize))
        {
            problems = [.. problems, $"the end token is {end}; expected an id below the vocabulary's size, {config.VocabularySize}."];
        }

        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }

        for (var i = 0; i < requests.Count; i++)
        {
            Prompt(config, requests[i].Prompt.AsSpan(), $"Prompt {i + 1}", options.MaxNewTokens);
        }
    }

    /// <summary>One job, in a cache with room for so many tokens.</summary>
    internal static void Job(TransformerConfig config, DecodeJob job, int capacity, TokenDecoder? decode)
    {
        All(config, [job.Request], job.Options);
        if (job.Request.Prompt.Length + job.Options.MaxNewTokens > capacity)
        {
            throw new AttuneException(
                $"The prompt has {job.Request.Prompt.Length} tokens and its answer up to {job.Options.MaxNewTokens} more; there "
                    + $"is room for {capacity} in all."
            );
        }

        _ = new StopTexts(job.Options, decode);
    }

    /// <param name="more">Tokens that will be added.</param>
    internal static void Prompt(TransformerConfig config, ReadOnlySpan<int> tokens, string what, int more)
    {
        if (tokens.Length == 0)
        {
            throw new AttuneException($"{what} is empty; expected at least one token, such as the begin or end token.");
        }

        if (tokens.Length + more > config.ContextLength)
        {
            throw new AttuneException(
                $"{what} has {tokens.Length} tokens{(more > 0 ? $" and its answer up to {more} more" : "")}; the model's "
                    + $"context is {config.ContextLength}. "
                    + "Shorten the text or lower the longest answer."
            );
        }

        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)config.VocabularySize)
            {
                throw new AttuneException(
                    $"{what} holds the token {token}; the model knows ids below {config.VocabularySize}. Its tokenizer may "
                        + "belong to another model."
                );
            }
        }
    }
}
