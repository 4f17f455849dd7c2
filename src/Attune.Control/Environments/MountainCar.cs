namespace Attune.Control.Environments;

/// <summary>
/// MountainCar-v0 (Moore 1990): a car too weak for its hill must swing up to 0.5. State: position, velocity. Actions: push left (0), none
/// (1), right (2). Reward -1 a step.
/// </summary>
/// <param name="stepLimit">Longer than Gymnasium's 200 where a beginner must be able to get there.</param>
public sealed class MountainCar(int stepLimit = 200) : SeededEnvironment
{
    public const double Leftmost = -1.2;
    public const double Rightmost = 0.6;
    public const double TopSpeed = 0.07;
    private const double Goal = 0.5;
    private const double Force = 0.001;
    private const double Gravity = 0.0025;

    public override string Name => "MountainCar-v0";

    public override Space Actions { get; } = new DiscreteSpace(3);

    public override Space Observations { get; } = new BoxSpace([(float)Leftmost, (float)-TopSpeed], [(float)Rightmost, (float)TopSpeed]);

    public override int StepLimit { get; } = stepLimit;

    /// <param name="state">position, velocity</param>
    /// <param name="action">0 left, 1 none, 2 right</param>
    public static double[] Next(double[] state, int action)
    {
        var velocity = Math.Clamp(state[1] + ((action - 1) * Force + Math.Cos(3 * state[0]) * -Gravity), -TopSpeed, TopSpeed);
        var position = Math.Clamp(state[0] + velocity, Leftmost, Rightmost);
        return [position, position == Leftmost && velocity < 0 ? 0 : velocity];
    }

    protected override double[] Begin() => [Random.Uniform(-0.6, -0.4), 0];

    protected override (double Reward, bool Terminated) Move(ReadOnlySpan<float> action)
    {
        State = Next(State, (int)action[0]);
        return (-1, State[0] >= Goal && State[1] >= 0);
    }
}
