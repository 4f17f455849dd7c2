using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Encoding;

namespace Attune.Recipes.Stages;

/// <summary>Whether prompts leave room for an answer in what the models read.</summary>
/// <param name="Context">The shortest context of the models that read prompt and answer, tokens.</param>
/// <param name="Answer">The longest answer, tokens.</param>
internal readonly record struct AnswerRoom(int Context, int Answer)
{
    /// <summary>The prompts that leave room, in tokens.</summary>
    public ImmutableArray<(Prompt Prompt, ImmutableArray<int> Tokens)> Fitting(IEnumerable<Prompt> prompts, Encoder encoder)
    {
        var longest = Context - Answer;
        return [.. prompts.Select(p => (p, encoder.EncodePrompt(p))).Where(p => p.Item2.Length <= longest)];
    }

    /// <param name="kind">The stage, for the message.</param>
    /// <param name="longestPrompt">Tokens.</param>
    /// <param name="advice">What else than a lower max_new_tokens may help: "set prompt_tokens".</param>
    /// <exception cref="ConfigurationException">The longest prompt leaves no room: said before hours of training.</exception>
    public void Require(string kind, int longestPrompt, string advice)
    {
        if (longestPrompt + Answer > Context)
        {
            throw new ConfigurationException(
                $"{kind}: the longest prompt has {longestPrompt} tokens and max_new_tokens is {Answer}, but the model (or its reward "
                    + $"model, value network or reference) reads {Context}. Lower max_new_tokens or {advice}."
            );
        }
    }
}
