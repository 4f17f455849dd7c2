using Attune.Core.Runs;

namespace Attune.Methods.Policy;

/// <summary>
/// Notices when the policy has begun to exploit the errors of its reward: held-out gold reward falls while training goes on, or
/// the members of the reward ensemble disagree about its answers far more than at the start. It ends the run; it repairs nothing.
/// </summary>
public sealed class EarlyStopping(double stopOnGoldDrop, double stopOnDisagreement)
{
    // One bad evaluation may be noise; two in a row are a trend.
    private const int Patience = 2;

    private double _bestGold = double.NegativeInfinity;
    private double _firstSpread = double.NaN;
    private double _below;

    /// <summary>Takes an evaluation on the held-out prompts.</summary>
    /// <returns>Why to stop, or null to go on.</returns>
    public string? Check(Metrics evaluation)
    {
        if (stopOnGoldDrop > 0 && evaluation.Contains("eval/gold_reward"))
        {
            var gold = evaluation["eval/gold_reward"];
            _bestGold = Math.Max(_bestGold, gold);
            _below = gold < _bestGold - stopOnGoldDrop ? _below + 1 : 0;
            if (_below >= Patience)
            {
                return $"held-out gold reward fell to {gold:f3} from {_bestGold:f3} and stayed down for {Patience} evaluations, though "
                    + "training raises the proxy: the reward model is being exploited";
            }
        }

        if (stopOnDisagreement > 0 && evaluation.Contains("eval/ensemble_sd"))
        {
            var spread = evaluation["eval/ensemble_sd"];
            _firstSpread = double.IsNaN(_firstSpread) ? spread : _firstSpread;
            if (spread > stopOnDisagreement * _firstSpread)
            {
                return $"the reward ensemble's spread on held-out answers rose to {spread:f3} from {_firstSpread:f3}: the policy has "
                    + "left the region that the labels cover";
            }
        }

        return null;
    }

    public IReadOnlyDictionary<string, double> State =>
        new Dictionary<string, double>
        {
            ["guard/best_gold"] = _bestGold,
            ["guard/first_spread"] = _firstSpread,
            ["guard/below"] = _below,
        };

    public void Restore(IReadOnlyDictionary<string, double> state) =>
        (_bestGold, _firstSpread, _below) = (state["guard/best_gold"], state["guard/first_spread"], state["guard/below"]);
}
