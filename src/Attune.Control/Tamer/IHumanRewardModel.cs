namespace Attune.Control.Tamer;

/// <summary>H(s, a): what a trainer is expected to say of an action in a state.</summary>
public interface IHumanRewardModel
{
    /// <summary>Actions that are told apart.</summary>
    int Actions { get; }

    double Predict(ReadOnlySpan<float> observation, int action);

    /// <summary>One step of gradient descent on weight (H(s, a) - target)^2 / 2.</summary>
    void Learn(ReadOnlySpan<float> observation, int action, double target, double weight);

    /// <summary>All weights, for comparison and for files.</summary>
    double[] Weights();
}
