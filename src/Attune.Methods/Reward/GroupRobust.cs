using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Training.Contracts;
using TorchSharp;

namespace Attune.Methods.Reward;

/// <summary>
/// A reward model that guards the group of annotators whom it serves worst: the loss is a weighted sum of the groups' mean losses, and the
/// weight of a group rises with its loss. Group DRO, Sagawa et al. 2020 (arXiv:1911.08731, algorithm 1). An update is weighted by the
/// losses of those before it, since weights have to be known before its first backward.
/// </summary>
public static class GroupRobust
{
    /// <summary>q_g exp(step loss_g), scaled to a sum of 1.</summary>
    /// <param name="weights">q, one a group.</param>
    /// <param name="losses">Mean losses; 0 where an update has nothing of a group.</param>
    public static double[] Reweighted(IReadOnlyList<double> weights, IReadOnlyList<double> losses, double step)
    {
        double[] logs = [.. weights.Zip(losses, (q, loss) => Math.Log(q) + (step * loss))];
        double[] odds = [.. logs.Select(l => Math.Exp(l - logs.Max()))];
        return [.. odds.Select(o => o / odds.Sum())];
    }

    /// <summary>A label with the group of its annotator.</summary>
    /// <param name="Factor">On its loss, so that the mean over an update's items is the weighted sum over its groups.</param>
    public sealed record Item<TItem>(TItem Inner, int Group, double Factor = 1);

    /// <summary>The groups' weights, which move with their losses.</summary>
    public sealed class Weights(IReadOnlyList<string> groups, double step)
    {
        private double[] _weights = [.. groups.Select(_ => 1.0 / groups.Count)];
        private readonly double[] _losses = new double[groups.Count];
        private readonly int[] _counts = new int[groups.Count];

        /// <summary>By group; the sum is 1.</summary>
        public IReadOnlyList<double> Of => _weights;

        /// <summary>Numbers of a checkpoint.</summary>
        public IReadOnlyDictionary<string, double> State => groups.Zip(_weights).ToDictionary(z => "group/" + z.First, z => z.Second);

        public void Restore(IReadOnlyDictionary<string, double> state) =>
            _weights = [.. groups.Zip(_weights, (g, w) => state.GetValueOrDefault("group/" + g, w))];

        /// <summary>Gives an update's items their factors: its loss is then Σ q_g loss_g over the groups that it has.</summary>
        public IReadOnlyList<Item<TItem>> Weighted<TItem>(IReadOnlyList<Item<TItem>> update)
        {
            var counts = update.CountBy(i => i.Group).ToDictionary();
            return [.. update.Select(i => i with { Factor = _weights[i.Group] * update.Count / counts[i.Group] })];
        }

        /// <summary>What an update measured of a group.</summary>
        public void Add(int group, double summed, int count)
        {
            _losses[group] += summed;
            _counts[group] += count;
        }

        /// <summary>Moves the weights by the losses of the update that is over.</summary>
        public void Step()
        {
            _weights = Reweighted(_weights, [.. _losses.Zip(_counts, (sum, count) => count == 0 ? 0 : sum / count)], step);
            Array.Clear(_losses);
            Array.Clear(_counts);
        }
    }

    /// <summary>Another loss on pairs, choices or rankings, by group.</summary>
    public sealed class Objective<TItem>(IObjective<TItem> inner, Weights weights) : IObjective<Item<TItem>>
    {
        public IReadOnlyList<FlatParameters> Learners => inner.Learners;

        public double Weight(Item<TItem> item) => inner.Weight(item.Inner);

        public int Length(Item<TItem> item) => inner.Length(item.Inner);

        public int Tokens(Item<TItem> item) => inner.Tokens(item.Inner);

        public ObjectiveValue Evaluate(IReadOnlyList<Item<TItem>> items)
        {
            var metrics = new Metrics();
            torch.Tensor? loss = null;
            foreach (var group in items.GroupBy(i => (i.Group, i.Factor)).OrderBy(g => g.Key.Group))
            {
                TItem[] own = [.. group.Select(i => i.Inner)];
                var (summed, measured) = inner.Evaluate(own);
                weights.Add(group.Key.Group, summed.ToDouble(), own.Length);
                metrics.Add(measured);
                loss = loss is null ? group.Key.Factor * summed : loss + (group.Key.Factor * summed);
            }

            metrics.AddSum("groups/largest_weight", weights.Of.Max() * items.Count, items.Count);
            return new ObjectiveValue(loss!, metrics);
        }
    }

    /// <summary>Rounds of a data set whose items have the weights of the moment.</summary>
    private sealed class Experience<TItem>(IExperience<Item<TItem>> data, Weights weights) : IExperience<Item<TItem>>
    {
        public long PlannedUpdates => data.PlannedUpdates;

        public long Rows => data.Rows;

        public Func<Progress, CancellationToken, ValueTask<Metrics>>? Evaluation => data.Evaluation;

        public IReadOnlyDictionary<string, double> State => weights.State;

        public void PlanFor(long updates) => data.PlanFor(updates);

        public void Restore(IReadOnlyDictionary<string, double> state) => weights.Restore(state);

        public void Updated(Progress at) => weights.Step();

        public async ValueTask<Round<Item<TItem>>?> NextAsync(Progress at, CancellationToken cancel) =>
            await data.NextAsync(at, cancel) is { } round ? round with { Updates = [.. round.Updates.Select(weights.Weighted)] } : null;
    }

    /// <summary>A loss, and who belongs to which group.</summary>
    /// <param name="step">η of the weights.</param>
    /// <param name="group">The group of an annotator; null where it is not known.</param>
    public sealed class Labels<TLabel, TItem>(IRewardLoss<TLabel, TItem> inner, double step, Func<string, string?> group)
        : IRewardLoss<TLabel, Item<TItem>>
        where TLabel : Label
    {
        private readonly List<string> _groups = [];

        /// <exception cref="DataException">A label has no annotator, or one without a group.</exception>
        public EncodedData<Item<TItem>> Encode(Encoder encoder, IReadOnlyList<TLabel> labels, int maxLength, TruncationPolicy policy)
        {
            var rows = inner.Encode(encoder, labels, maxLength, policy);
            return new EncodedData<Item<TItem>>(
                [.. rows.Items.Zip(rows.Sources, (item, source) => new Item<TItem>(item, Group(labels[source])))],
                rows.Sources,
                rows.Dropped,
                rows.Truncated
            )
            {
                Spelt = rows.Spelt,
            };
        }

        public Item<TItem> Change(Item<TItem> item, Func<TokenSequence, TokenSequence> change) =>
            item with
            {
                Inner = inner.Change(item.Inner, change),
            };

        public IObjective<Item<TItem>> Objective(ScalarModel model, IReadOnlyList<Item<TItem>> data) =>
            new Objective<TItem>(inner.Objective(model, [.. data.Select(d => d.Inner)]), new Weights(_groups, 0));

        public (IObjective<Item<TItem>> Objective, IExperience<Item<TItem>> Experience) Training(
            ScalarModel model,
            IReadOnlyList<Item<TItem>> data,
            IExperience<Item<TItem>> experience
        )
        {
            var weights = new Weights([.. _groups], step);
            var objective = new Objective<TItem>(inner.Objective(model, [.. data.Select(d => d.Inner)]), weights);
            return (objective, new Experience<TItem>(experience, weights));
        }

        public IEnumerable<(TokenSequence Better, TokenSequence Worse)> Pairs(Item<TItem> item) => inner.Pairs(item.Inner);

        public TokenSequence Answer(Item<TItem> item) => inner.Answer(item.Inner);

        private int Group(TLabel label)
        {
            var name = label.Annotator is { } person
                ? group(person)
                    ?? throw new DataException($"annotator '{person}' has no group. Expected every annotator in the file of groups.")
                : throw new DataException("robust_step is set, but a label has no annotator. Expected rows with 'annotator'.");
            if (!_groups.Contains(name))
            {
                _groups.Add(name);
            }

            return _groups.IndexOf(name);
        }
    }
}
