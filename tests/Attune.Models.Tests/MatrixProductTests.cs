using System.Runtime.Intrinsics.X86;
using Attune.Numerics.Kernels;
using CsCheck;
using TorchSharp;

namespace Attune.Models.Tests;

public sealed unsafe class MatrixProductTests
{
    [Fact]
    public void Products_of_any_shape_and_any_way_round_equal_those_in_double_precision()
    {
        Assert.SkipUnless(Avx512F.IsSupported, "this processor has no AVX-512");
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, 150], Gen.Int[1, 1100], Gen.Bool, Gen.Bool, Gen.Bool)
            .Sample((rows, columns, inner, leftTurned, rightTurned, add) => Check(rows, columns, inner, leftTurned, rightTurned, add), iter: 60, threads: 1);
    }

    private static void Check(int rows, int columns, int inner, bool leftTurned, bool rightTurned, bool add)
    {
        using var scope = torch.NewDisposeScope();
        using var chance = new torch.Generator(1);
        var a = torch.randn([rows, inner], generator: chance);
        var b = torch.randn([inner, columns], generator: chance);
        var before = torch.randn([rows, columns], generator: chance);
        var bias = torch.randn([columns], generator: chance);
        var result = before.clone();
        var left = leftTurned ? a.t().contiguous() : a;
        var right = rightTurned ? b.t().contiguous() : b;
        MatrixProduct.Multiply(
            leftTurned ? new MatrixView(Start(left), 1, rows) : new MatrixView(Start(left), inner, 1),
            rightTurned ? new MatrixView(Start(right), 1, inner) : new MatrixView(Start(right), columns, 1),
            Start(result), columns, rows, columns, inner, add ? null : Start(bias), add);
        var exact = a.to(torch.ScalarType.Float64).mm(b.to(torch.ScalarType.Float64)) + (add ? before : bias);
        var off = (result - exact).abs().max().ToDouble();
        Assert.True(off < 1e-5 * Math.Sqrt(inner) * 4, $"{rows} x {columns} x {inner}: off by {off:g3}");
    }

    private static float* Start(torch.Tensor tensor) => (float*)TensorMemory.Start(tensor);
}
