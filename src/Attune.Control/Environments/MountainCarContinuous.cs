namespace Attune.Control.Environments;

/// <summary>
/// MountainCarContinuous-v0: the same hill with a force in [-1, 1] and the goal at 0.45. Reward 100 at the goal, less a tenth of the
/// squared action a step, where the action counts as it was given and not as it was clipped.
/// </summary>
/// <remarks>
/// Gymnasium keeps this state in float32 after the first step, and NumPy 2 then computes in float32; so does this, in the same order.
/// </remarks>
public sealed class MountainCarContinuous : SeededEnvironment
{
    private const double Goal = 0.45;
    private const double Power = 0.0015;
    private const double Gravity = 0.0025;

    public override string Name => "MountainCarContinuous-v0";

    public override Space Actions { get; } = BoxSpace.Around(1);

    public override Space Observations { get; } =
        new BoxSpace(
            [(float)MountainCar.Leftmost, (float)-MountainCar.TopSpeed],
            [(float)MountainCar.Rightmost, (float)MountainCar.TopSpeed]
        );

    public override int StepLimit => 999;

    protected override double[] Begin() => [Random.Uniform(-0.6, -0.4), 0];

    protected override (double Reward, bool Terminated) Move(ReadOnlySpan<float> action)
    {
        var single = Steps > 0;
        var angle = single ? (double)(3 * (float)State[0]) : 3 * State[0];
        var pull = Gravity * Math.Cos(angle);
        // A force that was not clipped is a float32 and makes the sum one; a clipped one is Python's own float.
        var push = Math.Abs(action[0]) <= 1 ? action[0] * (float)Power - (float)pull : Math.Sign(action[0]) * Power - pull;
        var velocity = Add(State[1], push, single);
        velocity = Math.Clamp(velocity, -MountainCar.TopSpeed, MountainCar.TopSpeed);
        var position = Math.Clamp(Add(State[0], velocity, single), MountainCar.Leftmost, MountainCar.Rightmost);
        velocity = position == MountainCar.Leftmost && velocity < 0 ? 0 : velocity;
        var terminated = position >= Goal && velocity >= 0;
        State = [(float)position, (float)velocity];
        return ((terminated ? 100.0 : 0) - Math.Pow(action[0], 2) * 0.1, terminated);
    }

    private static double Add(double state, double change, bool single) => single ? (float)state + (float)change : state + change;
}
