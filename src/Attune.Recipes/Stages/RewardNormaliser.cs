using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>Normalises rewards by answers of the policy that training starts from.</summary>
internal sealed class RewardNormaliser
{
    private readonly RewardStage _stage;
    private readonly StageContext _context;
    private readonly LanguageModel _policy;
    private readonly ImmutableArray<int>[] _prompts;

    /// <param name="answers">Answers of the data, with the prompts that the policy answers.</param>
    /// <exception cref="ConfigurationException">A prompt leaves no room for an answer: said before hours of training.</exception>
    public RewardNormaliser(RewardStage stage, StageContext context, LanguageModel policy, IEnumerable<TokenSequence> answers)
    {
        (_stage, _context, _policy) = (stage, context, policy);
        _prompts =
            stage.Method.Normalisation == RewardNormalisation.None || stage.NormalisationSamples == 0
                ? []
                : [.. answers.Select(a => a.Tokens[..a.AnswerStart]).DistinctBy(p => string.Join(' ', p)).Take(stage.NormalisationSamples)];
        if (_prompts.Length == 0)
        {
            return;
        }

        var (longest, readable) = (_prompts.Max(p => p.Length), policy.Config.ContextLength);
        if (longest + stage.MaxNewTokens > readable)
        {
            throw new ConfigurationException(
                $"reward: the longest prompt has {longest} tokens and max_new_tokens is {stage.MaxNewTokens}, but the model reads "
                    + $"{readable}. Lower max_new_tokens or max_length, or set normalisation_samples to 0."
            );
        }
    }

    /// <returns>The model itself where rewards stay as they are.</returns>
    public async Task<RewardModel> NormaliseAsync(RewardModel model, CancellationToken cancel)
    {
        if (_prompts.Length == 0)
        {
            return model;
        }

        var task = $"{_stage.NormalisationSamples} answers of the policy";
        _context.Screen.Report("normalising", 0, 1, task);
        using var sampler = new LocalSampler();
        await sampler.UseWeightsAsync(_policy, 0, cancel);
        var options = new SamplingOptions { MaxNewTokens = _stage.MaxNewTokens, EndToken = _context.LoadTokenizer().EndToken };
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, _stage.NormalisationSamples)
                .Select(i => new SampleRequest(_prompts[i % _prompts.Length], _context.Seed.For("normalisation", i))),
        ];
        var rollouts = await sampler.SampleAsync(requests, options, cancel);
        _context.Screen.Report("normalising", 1, 1, task);
        return model.Normalised([.. rollouts.Select(r => r.Sequence)], _stage.Method.Normalisation);
    }
}
