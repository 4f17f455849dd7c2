using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Models.Weights;

namespace Attune.Control.Preferences;

/// <summary>
/// Rewards learned from compared clips while an agent learns from the rewards (Christiano et al. 2017, arXiv:1706.03741). After each round
/// of steps, questions about its clips go to a judge, the ensemble is fitted to the labels that have come, and the round is paid by it. The
/// environment's reward is only measured against.
/// </summary>
public sealed class PreferenceRewards : IRoundRewards, IDisposable
{
    private const string AskedKey = "preferences/asked";
    private const string TakenKey = "preferences/taken";
    private const string UnsaidKey = "preferences/unsaid";
    private const string FitsKey = "preferences/fits";
    private const double HalfRateShare = 0.25;

    private readonly PreferenceOptions _options;
    private readonly IClipJudge _judge;
    private readonly RewardEnsemble _ensemble;
    private readonly ClipLabels _labels;
    private readonly int[] _plan;
    private readonly int _steps;
    private long _asked;
    private long _unsaid;
    private long _fits;

    /// <param name="environment">one that is played, for its spaces and its clock</param>
    /// <param name="rounds">of the run</param>
    /// <param name="stepsPerRound">of all environments together</param>
    public PreferenceRewards(
        IEnvironment environment,
        PreferenceOptions options,
        long rounds,
        long stepsPerRound,
        IClipJudge judge,
        Seed seed
    )
    {
        options.Validate();
        (_options, _judge) = (options, judge);
        _steps = Clip.StepsOf(environment, options);
        _ensemble = new RewardEnsemble(environment.Observations, environment.Actions, options, seed.For("ensemble"));
        _labels = new ClipLabels(environment.Observations, environment.Actions, _steps, Math.Min(options.Capacity, options.Questions));
        var half = options.HalfRateSteps ?? rounds * (double)stepsPerRound * HalfRateShare;
        var later = Enumerable.Range(1, (int)rounds - 1).Select(r => QuestionPlan.Rate(r * (double)stepsPerRound, half));
        _plan = QuestionPlan.Counts(options.Questions, options.UntrainedShare, [.. later]);
    }

    public RewardEnsemble Ensemble => _ensemble;

    public ClipLabels Labels => _labels;

    public IReadOnlyList<FlatParameters> Followers => [.. _ensemble.Weights, _labels.Weights];

    public IReadOnlyDictionary<string, double> State
    {
        get
        {
            var state = new Dictionary<string, double>
            {
                [AskedKey] = _asked,
                [TakenKey] = _labels.Taken,
                [UnsaidKey] = _unsaid,
                [FitsKey] = _fits,
            };
            SavedNumbers.Put(state, "preferences/ensemble", _ensemble.Save());
            return state;
        }
    }

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        (_asked, _labels.Taken) = ((long)state[AskedKey], (long)state[TakenKey]);
        (_unsaid, _fits) = ((long)state[UnsaidKey], (long)state[FitsKey]);
        _ensemble.Restore(SavedNumbers.Take(state, "preferences/ensemble"));
    }

    public async ValueTask<double[][]> PayAsync(IReadOnlyList<PlayedSteps> played, Progress at, Metrics measured, CancellationToken cancel)
    {
        var count = at.Round < _plan.Length ? _plan[at.Round] : 0;
        var questions = Questions(played, count, at.Seed);
        var answers = await _judge.AskAsync(questions, cancel);
        _asked += questions.Count;
        var before = _labels.Taken;
        foreach (var answer in answers)
        {
            Take(answer);
        }

        if (_labels.Taken > before)
        {
            Fit(played, at.Seed, measured);
        }

        return Pay(played, measured);
    }

    public void Dispose()
    {
        _ensemble.Dispose();
        _labels.Dispose();
    }

    private IReadOnlyList<ClipQuestion> Questions(IReadOnlyList<PlayedSteps> played, int count, Seed seed) =>
        ClipQuestions.Draw(
            played,
            _steps,
            count,
            _asked,
            seed.For("questions"),
            _options.Choice == QuestionChoice.Random ? null : Disagree,
            _options.CandidatesPerQuestion
        );

    private (double, double) Disagree(Clip left, Clip right)
    {
        var differences = _ensemble.Differences(left, right);
        return (Disagreement.OfVotes(differences), Disagreement.OfProbabilities(differences));
    }

    private void Take(ClipAnswer answer)
    {
        if (answer.Probability is { } probability)
        {
            _labels.Add(answer.Question.Left, answer.Question.Right, probability);
        }
        else
        {
            _unsaid++;
        }
    }

    private void Fit(IReadOnlyList<PlayedSteps> played, Seed seed, Metrics measured)
    {
        var updates = _fits == 0 ? _options.FirstUpdates : _options.Updates;
        _ensemble.Fit(_labels, played, updates, seed.For("fit", _fits), measured);
        _fits++;
    }

    private double[][] Pay(IReadOnlyList<PlayedSteps> played, Metrics measured)
    {
        double[][] paid = [.. played.Select(p => p.Observations.Zip(p.Actions, _ensemble.Reward).ToArray())];
        measured.Set("labels/asked", _asked);
        measured.Set("labels/taken", _labels.Taken);
        measured.Set("labels/cannot_tell", _unsaid);
        if (Correlation.Pearson([.. played.SelectMany(p => p.Rewards)], [.. paid.SelectMany(p => p)]) is { } correlation)
        {
            measured.Set("reward/correlation", correlation);
        }

        return paid;
    }
}
