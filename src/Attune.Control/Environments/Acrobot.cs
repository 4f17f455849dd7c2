namespace Attune.Control.Environments;

/// <summary>
/// Acrobot-v1 (Sutton 1996, with the equations of Sutton and Barto's book): two links, a motor in the joint between them, swing the tip one
/// link's length above the pivot. State: two angles in rad (0 hangs down) and their velocities. Actions: torque -1 (0), 0 (1), 1 (2).
/// Reward -1 a step, 0 at the end.
/// </summary>
public sealed class Acrobot : SeededEnvironment
{
    private const double Interval = 0.2;
    private const double Centre = 0.5; // of mass, along a link of length 1 and mass 1
    private const double Inertia = 1;
    private const double Gravity = 9.8;
    private const double TopSpeed1 = 4 * Math.PI;
    private const double TopSpeed2 = 9 * Math.PI;

    public override string Name => "Acrobot-v1";

    public override Space Actions { get; } = new DiscreteSpace(3);

    public override Space Observations { get; } = BoxSpace.Around(1, 1, 1, 1, (float)TopSpeed1, (float)TopSpeed2);

    public override int StepLimit => 500;

    public override double StepsPerSecond => 15;

    /// <summary>One Runge-Kutta step of fourth order.</summary>
    /// <param name="state">two angles, two velocities</param>
    /// <param name="torque">between -1 and 1</param>
    public static double[] Next(double[] state, double torque)
    {
        var k1 = Slope(state, torque);
        var k2 = Slope(Along(state, Interval / 2, k1), torque);
        var k3 = Slope(Along(state, Interval / 2, k2), torque);
        var k4 = Slope(Along(state, Interval, k3), torque);
        var next = new double[4];
        for (var i = 0; i < 4; i++)
        {
            next[i] = state[i] + Interval / 6.0 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
        }

        return [Wrap(next[0]), Wrap(next[1]), Math.Clamp(next[2], -TopSpeed1, TopSpeed1), Math.Clamp(next[3], -TopSpeed2, TopSpeed2)];
    }

    /// <summary>Rounded to float32, as Gymnasium does at the reset alone.</summary>
    protected override double[] Begin()
    {
        var state = new double[4];
        for (var i = 0; i < state.Length; i++)
        {
            state[i] = (float)Random.Uniform(-0.1, 0.1);
        }

        return state;
    }

    protected override (double Reward, bool Terminated) Move(ReadOnlySpan<float> action)
    {
        State = Next(State, action[0] - 1);
        var terminated = -Math.Cos(State[0]) - Math.Cos(State[1] + State[0]) > 1;
        return (terminated ? 0 : -1, terminated);
    }

    public override float[] Observe() =>
        [
            (float)Math.Cos(State[0]),
            (float)Math.Sin(State[0]),
            (float)Math.Cos(State[1]),
            (float)Math.Sin(State[1]),
            (float)State[2],
            (float)State[3],
        ];

    private static double[] Along(double[] state, double time, double[] slope) =>
        [state[0] + time * slope[0], state[1] + time * slope[1], state[2] + time * slope[2], state[3] + time * slope[3]];

    private static double[] Slope(double[] state, double torque)
    {
        var (angle1, angle2, spin1, spin2) = (state[0], state[1], state[2], state[3]);
        var (sine, cosine) = (Math.Sin(angle2), Math.Cos(angle2));
        var d1 = Centre * Centre + (1 + Centre * Centre + 2 * Centre * cosine) + Inertia + Inertia;
        var d2 = Centre * Centre + Centre * cosine + Inertia;
        var phi2 = Centre * Gravity * Math.Cos(angle1 + angle2 - Math.PI / 2.0);
        var phi1 =
            -Centre * (spin2 * spin2) * sine
            - 2 * Centre * spin2 * spin1 * sine
            + (Centre + 1) * Gravity * Math.Cos(angle1 - Math.PI / 2)
            + phi2;
        var turn2 = (torque + d2 / d1 * phi1 - Centre * (spin1 * spin1) * sine - phi2) / (Centre * Centre + Inertia - d2 * d2 / d1);
        return [spin1, spin2, -(d2 * turn2 + phi1) / d1, turn2];
    }

    private static double Wrap(double angle)
    {
        while (angle > Math.PI)
        {
            angle -= 2 * Math.PI;
        }

        while (angle < -Math.PI)
        {
            angle += 2 * Math.PI;
        }

        return angle;
    }
}
