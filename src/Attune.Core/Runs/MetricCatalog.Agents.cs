namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    private const string Christiano = "Christiano et al. 2017";

    /// <summary>Agents that learn from compared clips.</summary>
    private static MetricDefinition[] ComparedClips =>
        [
            new("labels/asked", "questions", "Agents that learn from compared clips: questions asked so far.", Christiano),
            new("labels/taken", "labels", "The same: labels taken so far, old ones that the buffer has dropped included.", Christiano),
            new("labels/cannot_tell", "questions", "The same: questions without a label, since nobody could tell.", Christiano),
            new("reward/loss", "nats", "The same: mean loss of the reward members over the labels they train on.", Christiano),
            new("reward/held_out_loss", "nats", "The same, over the labels that each member holds out.", Christiano),
            new("reward/penalty", "1", "The same: mean coefficient of the members' L2 penalty, which adapts to both losses.", Christiano),
            new("reward/correlation", "1", "Pearson's correlation of the learned with the true reward over the round's steps.", Own),
        ];
}
