using Attune.Control.Networks;
using Attune.Core.Runs;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Control.Preferences;

/// <summary>
/// One member of an ensemble. It trains on each label as often as a Poisson draw with mean 1 says, which is what drawing as many labels
/// with replacement comes to (Oza and Russell 2001); the share 1/e that is drawn 0 times is held out. A label's draw never changes, so
/// what is held out stays unseen from one fit to the next.
/// </summary>
internal sealed class RewardMember(RewardNetwork network, PreferenceOptions options, Seed seed)
{
    private const double FirstPenalty = 1e-5;
    private const double Kept = 0.1;

    private double _chance = options.Chance; // of this pass

    public RewardNetwork Network => network;

    /// <summary>Weight of the L2 penalty.</summary>
    public double Penalty { get; set; } = FirstPenalty;

    /// <summary>Of the outputs over the steps of the labelled clips at the last fit.</summary>
    public double Mean { get; set; }

    public double Deviation { get; set; } = 1;

    /// <summary>How often a label is trained on; 0 is held out.</summary>
    public int Draws(long label) => Poisson(seed.For("bootstrap", label).Rng().NextDouble());

    /// <summary>
    /// Fits to the labels. Where answers are given by chance, a pair that the network is wrongly sure of has no gradient, and would stay
    /// wrong for good: and the newest labels, on what the agent has just learned to exploit, are such pairs. So the last layer is made
    /// small first, and the first half of the passes take answers at their word.
    /// </summary>
    /// <param name="clips">[labels, 2, steps, width], normalised</param>
    /// <param name="probabilities">[labels]</param>
    public void Fit(Tensor clips, Tensor probabilities, ClipLabels labels, int updates, Seed chance, Metrics measured)
    {
        var draws = Enumerable.Range(0, labels.Count).Select(i => Draws(labels.NumberAt(i))).ToArray();
        var trained = Enumerable.Range(0, draws.Length).SelectMany(i => Enumerable.Repeat((long)i, draws[i])).ToArray();
        var held = Enumerable.Range(0, draws.Length).Where(i => draws[i] == 0).Select(i => (long)i).ToArray();
        if (trained.Length == 0)
        {
            return;
        }

        using var optimiser = new AdamW([network.Weights], new OptimiserOptions());
        network.Shrink(Kept);
        var (steps, loss) = (0L, 0.0);
        var passes = Math.Max(1, updates / ((trained.Length + options.Minibatch - 1) / options.Minibatch));
        for (var epoch = 0; epoch < passes; epoch++)
        {
            var order = chance.For("order", epoch).Rng().Permutation(trained.Length);
            loss = 0;
            _chance = epoch < passes / 2 ? 0 : options.Chance;
            foreach (var part in order.Chunk(options.Minibatch))
            {
                loss += Update(optimiser, ++steps, clips, probabilities, Array.ConvertAll(part, i => trained[i]));
            }

            Adapt(loss / trained.Length, clips, probabilities, held);
        }

        measured.AddSum("reward/loss", loss, trained.Length);
        measured.Add("reward/penalty", Penalty);
        if (held.Length > 0)
        {
            measured.AddSum("reward/held_out_loss", LossOf(clips, probabilities, held) * held.Length, held.Length);
        }
    }

    private double Update(AdamW optimiser, long step, Tensor clips, Tensor probabilities, long[] part)
    {
        using var scope = NewDisposeScope();
        var sum = Losses(clips, probabilities, part).sum();
        (sum / part.Length + Penalty * network.Squares()).backward();
        optimiser.Step(step, options.LearningRate);
        return sum.ToDouble();
    }

    private void Adapt(double loss, Tensor clips, Tensor probabilities, long[] held)
    {
        if (held.Length > 0)
        {
            Penalty = AdaptivePenalty.Next(
                Penalty,
                loss,
                LossOf(clips, probabilities, held),
                options.LeastRatio,
                options.MostRatio,
                options.MostPenalty
            );
        }
    }

    private double LossOf(Tensor clips, Tensor probabilities, long[] part)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return Losses(clips, probabilities, part).mean().ToDouble();
    }

    /// <returns>[part]</returns>
    private Tensor Losses(Tensor clips, Tensor probabilities, long[] part)
    {
        var index = tensor(part);
        var chosen = clips.index_select(0, index); // [part, 2, steps, width]
        var rewards = network.Forward(chosen.view(-1, chosen.shape[3])).view(part.Length, 2, -1);
        var sums = rewards.sum(-1);
        return ClipPreferences.LossOfDifference(sums.select(1, 0) - sums.select(1, 1), probabilities.index_select(0, index), _chance);
    }

    /// <summary>By inversion, mean 1.</summary>
    private static int Poisson(double uniform)
    {
        var (count, mass) = (0, Math.Exp(-1));
        while (uniform >= mass && count < 20)
        {
            uniform -= mass;
            mass /= ++count;
        }

        return count;
    }
}
