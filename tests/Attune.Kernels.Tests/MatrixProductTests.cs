using Attune.Numerics;
using CsCheck;
using TorchSharp;

namespace Attune.Kernels.Tests;

public sealed unsafe class MatrixProductTests
{
    [Fact]
    public void Products_of_any_shape_and_any_way_round_equal_those_in_double_precision()
    {
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, 150], Gen.Int[1, 1100], Gen.Bool, Gen.Bool, Gen.Bool)
            .Sample(
                (rows, columns, inner, leftTurned, rightTurned, add) => Check(rows, columns, inner, leftTurned, rightTurned, add),
                iter: 60,
                threads: 1
            );
    }

    [Fact]
    public void Products_of_bfloat16_of_any_shape_and_any_way_round_are_exact_but_for_one_rounding()
    {
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, 150], Gen.Int[1, 2300], Gen.Bool, Gen.Bool, Gen.Bool)
            .Sample(
                (rows, columns, inner, leftTurned, rightTurned, add) => CheckHalf(rows, columns, inner, leftTurned, rightTurned, add),
                iter: 100,
                threads: 1
            );
    }

    private static void CheckHalf(int rows, int columns, int inner, bool leftTurned, bool rightTurned, bool add)
    {
        using var scope = torch.NewDisposeScope();
        using var rng = new torch.Generator(1);
        torch.Tensor Random(params long[] shape) => torch.randn(shape, generator: rng).to(torch.ScalarType.BFloat16);
        var (a, b, before, bias) = (Random(rows, inner), Random(inner, columns), Random(rows, columns), Random(columns));
        var result = before.clone();
        // What lies behind a matrix may be anything: here it is no number.
        var left = Guarded(leftTurned ? a.t() : a);
        var right = Guarded(rightTurned ? b.t() : b);
        var view = rightTurned ? new BFloat16View(Start(right), 1, inner) : new BFloat16View(Start(right), columns, 1);
        BFloat16Product.Multiply(
            leftTurned ? new BFloat16View(Start(left), 1, rows) : new BFloat16View(Start(left), inner, 1),
            view,
            (ushort*)Start(result),
            columns,
            rows,
            columns,
            inner,
            add ? null : (ushort*)Start(bias),
            add
        );
        var exact = a.to(torch.ScalarType.Float64).mm(b.to(torch.ScalarType.Float64)) + (add ? before : bias);
        var off = ((result.to(torch.ScalarType.Float64) - exact).abs() / (exact.abs() + 0.01 * Math.Sqrt(inner))).max().ToDouble();
        Assert.True(off < 1.02 / 256, $"{rows} x {columns} x {inner}: off by {off:g3}");
    }

    private static torch.Tensor Guarded(torch.Tensor matrix)
    {
        var room = torch.full([matrix.numel() + 32], float.NaN, torch.ScalarType.BFloat16);
        room.narrow(0, 0, matrix.numel()).copy_(matrix.reshape(-1));
        return room;
    }

    private static void Check(int rows, int columns, int inner, bool leftTurned, bool rightTurned, bool add)
    {
        using var scope = torch.NewDisposeScope();
        using var rng = new torch.Generator(1);
        var a = torch.randn([rows, inner], generator: rng);
        var b = torch.randn([inner, columns], generator: rng);
        var before = torch.randn([rows, columns], generator: rng);
        var bias = torch.randn([columns], generator: rng);
        var result = before.clone();
        var left = leftTurned ? a.t().contiguous() : a;
        var right = rightTurned ? b.t().contiguous() : b;
        MatrixProduct.Multiply(
            leftTurned ? new MatrixView(Start(left), 1, rows) : new MatrixView(Start(left), inner, 1),
            rightTurned ? new MatrixView(Start(right), 1, inner) : new MatrixView(Start(right), columns, 1),
            Start(result),
            columns,
            rows,
            columns,
            inner,
            add ? null : Start(bias),
            add
        );
        var exact = a.to(torch.ScalarType.Float64).mm(b.to(torch.ScalarType.Float64)) + (add ? before : bias);
        var off = (result - exact).abs().max().ToDouble();
        Assert.True(off < 1e-5 * Math.Sqrt(inner) * 4, $"{rows} x {columns} x {inner}: off by {off:g3}");
    }

    private static float* Start(torch.Tensor tensor) => (float*)TensorMemory.Start(tensor);
}
