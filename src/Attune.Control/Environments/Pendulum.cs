namespace Attune.Control.Environments;

/// <summary>
/// Pendulum-v1: swing a pendulum up and hold it there with a torque in [-2, 2]. State: angle in rad (0 is upright), angular velocity.
/// Observation: cosine, sine, angular velocity. Reward -(angle^2 + 0.1 velocity^2 + 0.001 torque^2) of the state before the step.
/// </summary>
public sealed class Pendulum : SeededEnvironment
{
    private const double TopSpeed = 8;
    private const float MostTorque = 2;
    private const double Interval = 0.05;
    private const double Gravity = 10;

    public override string Name => "Pendulum-v1";

    public override Space Actions { get; } = BoxSpace.Around(MostTorque);

    public override Space Observations { get; } = BoxSpace.Around(1, 1, (float)TopSpeed);

    public override int StepLimit => 200;

    public override double StepsPerSecond => 1 / Interval;

    public override bool HasFixedLength => true;

    /// <summary>The angle's equal in [-pi, pi).</summary>
    public static double Wrap(double angle)
    {
        var rest = (angle + Math.PI) % (2 * Math.PI);
        return (rest < 0 ? rest + 2 * Math.PI : rest) - Math.PI;
    }

    /// <summary>One semi-implicit Euler step.</summary>
    /// <param name="state">angle, angular velocity</param>
    /// <param name="torque">within its bounds; a float32, as Gymnasium takes it, so that 3 u is rounded to one</param>
    public static double[] Next(double[] state, float torque)
    {
        var velocity = state[1] + (3 * Gravity / 2 * Math.Sin(state[0]) + 3.0f * torque) * Interval;
        velocity = Math.Clamp(velocity, -TopSpeed, TopSpeed);
        return [state[0] + velocity * Interval, velocity];
    }

    protected override double[] Begin() => [Random.Uniform(-Math.PI, Math.PI), Random.Uniform(-1, 1)];

    protected override (double Reward, bool Terminated) Move(ReadOnlySpan<float> action)
    {
        var torque = Math.Clamp(action[0], -MostTorque, MostTorque);
        var angle = Wrap(State[0]);
        var cost = angle * angle + 0.1 * (State[1] * State[1]) + 0.001f * (torque * torque);
        State = Next(State, torque);
        return (-cost, false);
    }

    public override float[] Observe() => [(float)Math.Cos(State[0]), (float)Math.Sin(State[0]), (float)State[1]];
}
