using Attune.Core.Runs;

namespace Attune.Methods.Policy;

/// <summary>
/// Ends a run in which the policy seems to exploit the errors of its reward: held-out gold reward falls while training goes on, or the
/// members of the reward ensemble disagree about its answers far more than at the start. It says what it saw; it repairs nothing.
/// </summary>
public sealed class EarlyStopping(double stopOnGoldDrop, double stopOnDisagreement)
{
    // One bad evaluation may be noise; two in a row are a trend.
    private const int Patience = 2;

    private double _bestGold = double.NegativeInfinity;
    private double _proxyAtBest = double.NaN;
    private double _firstSpread = double.NaN;
    private double _below;

    /// <summary>Whether there is a rule at all, so that something must be looked at.</summary>
    public bool Watches => stopOnGoldDrop > 0 || stopOnDisagreement > 0;

    /// <summary>Takes an evaluation on the held-out prompts.</summary>
    /// <returns>Why to stop, or null to go on.</returns>
    public string? Check(Metrics evaluation) => CheckGold(evaluation) ?? CheckSpread(evaluation);

    private string? CheckGold(Metrics evaluation)
    {
        if (stopOnGoldDrop == 0 || !evaluation.Contains("eval/gold_reward"))
        {
            return null;
        }

        var gold = evaluation["eval/gold_reward"];
        var proxy = evaluation.Contains("eval/proxy_reward") ? evaluation["eval/proxy_reward"] : double.NaN;
        if (gold > _bestGold)
        {
            (_bestGold, _proxyAtBest) = (gold, proxy);
        }

        _below = gold < _bestGold - stopOnGoldDrop ? _below + 1 : 0;
        return _below >= Patience
            ? $"held-out gold reward fell to {gold:f3} from {_bestGold:f3} and stayed down for {Patience} evaluations{Meanwhile(proxy)}"
            : null;
    }

    /// <summary>What the proxy did while gold fell, as far as it was looked at.</summary>
    private string Meanwhile(double proxy) =>
        double.IsNaN(proxy - _proxyAtBest) ? ""
        : proxy > _proxyAtBest
            ? $", while the proxy reward rose to {proxy:f3} from {_proxyAtBest:f3}: the policy exploits errors of the proxy"
        : $", and the proxy reward did not rise either ({proxy:f3}, from {_proxyAtBest:f3}): training itself has gone wrong";

    private string? CheckSpread(Metrics evaluation)
    {
        if (stopOnDisagreement == 0 || !evaluation.Contains("eval/ensemble_sd"))
        {
            return null;
        }

        var spread = evaluation["eval/ensemble_sd"];
        _firstSpread = double.IsNaN(_firstSpread) ? spread : _firstSpread;
        return spread > stopOnDisagreement * _firstSpread
            ? $"the reward ensemble's spread on held-out answers rose to {spread:f3} from {_firstSpread:f3}, more than "
                + $"{stopOnDisagreement:g3} times what it was: its members agree less and less about the policy's answers"
            : null;
    }

    public IReadOnlyDictionary<string, double> State =>
        new Dictionary<string, double>
        {
            ["guard/best_gold"] = _bestGold,
            ["guard/proxy_at_best"] = _proxyAtBest,
            ["guard/first_spread"] = _firstSpread,
            ["guard/below"] = _below,
        };

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        (_bestGold, _firstSpread, _below) = (state["guard/best_gold"], state["guard/first_spread"], state["guard/below"]);
        _proxyAtBest = state.GetValueOrDefault("guard/proxy_at_best", double.NaN); // earlier checkpoints have none
    }
}
