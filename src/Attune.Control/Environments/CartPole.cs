namespace Attune.Control.Environments;

/// <summary>
/// CartPole-v1 (Barto, Sutton and Anderson 1983, without friction): keep a pole upright by pushing its cart left (0) or right (1). State:
/// position in m, velocity, angle in rad, angular velocity. Reward 1 a step, the last included; an episode ends beyond 2.4 m or 12 degrees.
/// </summary>
public sealed class CartPole : SeededEnvironment
{
    private const double Gravity = 9.8;
    private const double PoleMass = 0.1;
    private const double TotalMass = PoleMass + 1.0;
    private const double HalfLength = 0.5;
    private const double PoleMassLength = PoleMass * HalfLength;
    private const double Force = 10.0;
    private const double Interval = 0.02;
    private const double MostPosition = 2.4;
    private const double MostAngle = 12 * 2 * Math.PI / 360;

    public override string Name => "CartPole-v1";

    public override Space Actions { get; } = new DiscreteSpace(2);

    public override Space Observations { get; } =
        BoxSpace.Around((float)(MostPosition * 2), float.PositiveInfinity, (float)(MostAngle * 2), float.PositiveInfinity);

    public override int StepLimit => 500;

    public override double StepsPerSecond => 50; // 0.02 s a step

    /// <summary>One explicit Euler step: positions move by the old velocities.</summary>
    /// <param name="state">position, velocity, angle, angular velocity</param>
    public static double[] Next(double[] state, bool right)
    {
        var (x, velocity, angle, spin) = (state[0], state[1], state[2], state[3]);
        var (sine, cosine) = (Math.Sin(angle), Math.Cos(angle));
        var push = ((right ? Force : -Force) + PoleMassLength * (spin * spin) * sine) / TotalMass;
        var angular = (Gravity * sine - cosine * push) / (HalfLength * (4.0 / 3.0 - PoleMass * (cosine * cosine) / TotalMass));
        var linear = push - PoleMassLength * angular * cosine / TotalMass;
        return [x + Interval * velocity, velocity + Interval * linear, angle + Interval * spin, spin + Interval * angular];
    }

    protected override double[] Begin() =>
        [Random.Uniform(-0.05, 0.05), Random.Uniform(-0.05, 0.05), Random.Uniform(-0.05, 0.05), Random.Uniform(-0.05, 0.05)];

    protected override (double Reward, bool Terminated) Move(ReadOnlySpan<float> action)
    {
        State = Next(State, action[0] == 1);
        return (1, Math.Abs(State[0]) > MostPosition || Math.Abs(State[2]) > MostAngle);
    }
}
