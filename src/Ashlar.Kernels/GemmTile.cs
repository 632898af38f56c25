using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// The innermost loops of <see cref="Gemm"/>: a few rows of A times one panel of 32 columns, with the sums in registers.
/// With 512-bit registers 8 rows by 32 columns take 16 of the 32; narrower registers take 4 rows and walk over the panel
/// in strips. The rows are written out because the sums must be named variables to stay in registers.
/// </summary>
internal static unsafe class GemmTile
{
    public const int MaximumRows = 8;

    /// <summary>Rows to take next when <paramref name="remaining"/> are left.</summary>
    public static int RowsFor(int remaining) => remaining switch
    {
        >= 8 when Vector512.IsHardwareAccelerated => 8,
        >= 4 => 4,
        >= 2 => 2,
        _ => 1,
    };

    /// <summary>C[rows, 32] += A[rows, depth] B[depth, 32].</summary>
    /// <param name="rows">8, 4, 2 or 1, from <see cref="RowsFor"/>.</param>
    /// <param name="a">First value of A.</param>
    /// <param name="stride">Distance between A's rows.</param>
    /// <param name="depthStride">Distance between neighbours along the inner product: 1, or A's width when A is used transposed.</param>
    /// <param name="b">The panel: depth rows of 32.</param>
    /// <param name="depth">Length of the inner products.</param>
    /// <param name="c">First value of C.</param>
    /// <param name="n">Distance between C's rows.</param>
    public static void Accumulate(int rows, float* a, int stride, int depthStride, float* b, int depth, float* c, int n)
    {
        if (Vector512.IsHardwareAccelerated)
            Strips<Lanes512>(rows, a, stride, depthStride, b, depth, c, n);
        else if (Vector256.IsHardwareAccelerated)
            Strips<Lanes256>(rows, a, stride, depthStride, b, depth, c, n);
        else if (Vector128.IsHardwareAccelerated)
            Strips<Lanes128>(rows, a, stride, depthStride, b, depth, c, n);
        else
            Scalar(rows, a, stride, depthStride, b, depth, c, n);
    }

    /// <summary>
    /// C[1, 128] += A[1, depth] times four panels that lie behind one another: a single row has too few sums to hide the
    /// latency of memory and of the addition, so it takes four panels side by side. Each sum is the same as from one panel.
    /// </summary>
    /// <param name="a">The row.</param>
    /// <param name="b">The first panel's rows.</param>
    /// <param name="panelSize">Distance between panels.</param>
    /// <param name="depth">Length of the inner products.</param>
    /// <param name="c">128 results.</param>
    public static void AccumulateFourPanels(float* a, float* b, long panelSize, int depth, float* c)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            FourPanels<Lanes512>(a, b, panelSize, depth, c);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            FourPanels<Lanes256>(a, b, panelSize, depth, c);
        }
        else
        {
            for (int panel = 0; panel < 4; panel++)
                Accumulate(1, a, 0, 1, b + panel * panelSize, depth, c + panel * PackedMatrix.PanelWidth, 0);
        }
    }

    private static void FourPanels<TLanes>(float* a, float* b, long panelSize, int depth, float* c)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = TLanes.Count;
        for (int strip = 0; strip < PackedMatrix.PanelWidth; strip += 2 * width)
        {
            float* c0 = c + strip, c1 = c0 + PackedMatrix.PanelWidth, c2 = c1 + PackedMatrix.PanelWidth, c3 = c2 + PackedMatrix.PanelWidth;
            float* b0 = b + strip, b1 = b0 + panelSize, b2 = b1 + panelSize, b3 = b2 + panelSize;
            TLanes s00 = TLanes.Load(ref *c0), s01 = TLanes.Load(ref *(c0 + width));
            TLanes s10 = TLanes.Load(ref *c1), s11 = TLanes.Load(ref *(c1 + width));
            TLanes s20 = TLanes.Load(ref *c2), s21 = TLanes.Load(ref *(c2 + width));
            TLanes s30 = TLanes.Load(ref *c3), s31 = TLanes.Load(ref *(c3 + width));
            for (int i = 0; i < depth; i++)
            {
                int at = i * PackedMatrix.PanelWidth;
                TLanes x = TLanes.Broadcast(a[i]);
                s00 = TLanes.MultiplyAdd(x, TLanes.Load(ref b0[at]), s00);
                s01 = TLanes.MultiplyAdd(x, TLanes.Load(ref b0[at + width]), s01);
                s10 = TLanes.MultiplyAdd(x, TLanes.Load(ref b1[at]), s10);
                s11 = TLanes.MultiplyAdd(x, TLanes.Load(ref b1[at + width]), s11);
                s20 = TLanes.MultiplyAdd(x, TLanes.Load(ref b2[at]), s20);
                s21 = TLanes.MultiplyAdd(x, TLanes.Load(ref b2[at + width]), s21);
                s30 = TLanes.MultiplyAdd(x, TLanes.Load(ref b3[at]), s30);
                s31 = TLanes.MultiplyAdd(x, TLanes.Load(ref b3[at + width]), s31);
            }

            TLanes.Store(s00, ref *c0);
            TLanes.Store(s01, ref *(c0 + width));
            TLanes.Store(s10, ref *c1);
            TLanes.Store(s11, ref *(c1 + width));
            TLanes.Store(s20, ref *c2);
            TLanes.Store(s21, ref *(c2 + width));
            TLanes.Store(s30, ref *c3);
            TLanes.Store(s31, ref *(c3 + width));
        }
    }

    private static void Scalar(int rows, float* a, int stride, int depthStride, float* b, int depth, float* c, int n)
    {
        for (int row = 0; row < rows; row++)
            for (int i = 0; i < depth; i++)
                for (int column = 0; column < PackedMatrix.PanelWidth; column++)
                    c[(long)row * n + column] += a[(long)row * stride + (long)i * depthStride] * b[i * PackedMatrix.PanelWidth + column];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Strips<TLanes>(int rows, float* a, int stride, int depthStride, float* b, int depth, float* c, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int strip = 0; strip < PackedMatrix.PanelWidth; strip += 2 * TLanes.Count)
        {
            switch (rows)
            {
                case 8:
                    Rows8<TLanes>(a, stride, depthStride, b + strip, depth, c + strip, n);
                    break;
                case 4:
                    Rows4<TLanes>(a, stride, depthStride, b + strip, depth, c + strip, n);
                    break;
                case 2:
                    Rows2<TLanes>(a, stride, depthStride, b + strip, depth, c + strip, n);
                    break;
                default:
                    Rows1<TLanes>(a, stride, depthStride, b + strip, depth, c + strip, n);
                    break;
            }
        }
    }

    private static void Rows8<TLanes>(float* a, int stride, int depthStride, float* b, int depth, float* c, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = TLanes.Count;
        float* c0 = c;
        float* c1 = c + 1L * n;
        float* c2 = c + 2L * n;
        float* c3 = c + 3L * n;
        float* c4 = c + 4L * n;
        float* c5 = c + 5L * n;
        float* c6 = c + 6L * n;
        float* c7 = c + 7L * n;
        TLanes s00 = TLanes.Load(ref *c0), s01 = TLanes.Load(ref *(c0 + width));
        TLanes s10 = TLanes.Load(ref *c1), s11 = TLanes.Load(ref *(c1 + width));
        TLanes s20 = TLanes.Load(ref *c2), s21 = TLanes.Load(ref *(c2 + width));
        TLanes s30 = TLanes.Load(ref *c3), s31 = TLanes.Load(ref *(c3 + width));
        TLanes s40 = TLanes.Load(ref *c4), s41 = TLanes.Load(ref *(c4 + width));
        TLanes s50 = TLanes.Load(ref *c5), s51 = TLanes.Load(ref *(c5 + width));
        TLanes s60 = TLanes.Load(ref *c6), s61 = TLanes.Load(ref *(c6 + width));
        TLanes s70 = TLanes.Load(ref *c7), s71 = TLanes.Load(ref *(c7 + width));
        for (int i = 0; i < depth; i++, a += depthStride, b += PackedMatrix.PanelWidth)
        {
            TLanes b0 = TLanes.Load(ref *b), b1 = TLanes.Load(ref *(b + width));
            TLanes a0 = TLanes.Broadcast(*a);
            s00 = TLanes.MultiplyAdd(a0, b0, s00);
            s01 = TLanes.MultiplyAdd(a0, b1, s01);
            TLanes a1 = TLanes.Broadcast(a[stride]);
            s10 = TLanes.MultiplyAdd(a1, b0, s10);
            s11 = TLanes.MultiplyAdd(a1, b1, s11);
            TLanes a2 = TLanes.Broadcast(a[2L * stride]);
            s20 = TLanes.MultiplyAdd(a2, b0, s20);
            s21 = TLanes.MultiplyAdd(a2, b1, s21);
            TLanes a3 = TLanes.Broadcast(a[3L * stride]);
            s30 = TLanes.MultiplyAdd(a3, b0, s30);
            s31 = TLanes.MultiplyAdd(a3, b1, s31);
            TLanes a4 = TLanes.Broadcast(a[4L * stride]);
            s40 = TLanes.MultiplyAdd(a4, b0, s40);
            s41 = TLanes.MultiplyAdd(a4, b1, s41);
            TLanes a5 = TLanes.Broadcast(a[5L * stride]);
            s50 = TLanes.MultiplyAdd(a5, b0, s50);
            s51 = TLanes.MultiplyAdd(a5, b1, s51);
            TLanes a6 = TLanes.Broadcast(a[6L * stride]);
            s60 = TLanes.MultiplyAdd(a6, b0, s60);
            s61 = TLanes.MultiplyAdd(a6, b1, s61);
            TLanes a7 = TLanes.Broadcast(a[7L * stride]);
            s70 = TLanes.MultiplyAdd(a7, b0, s70);
            s71 = TLanes.MultiplyAdd(a7, b1, s71);
        }

        TLanes.Store(s00, ref *c0);
        TLanes.Store(s01, ref *(c0 + width));
        TLanes.Store(s10, ref *c1);
        TLanes.Store(s11, ref *(c1 + width));
        TLanes.Store(s20, ref *c2);
        TLanes.Store(s21, ref *(c2 + width));
        TLanes.Store(s30, ref *c3);
        TLanes.Store(s31, ref *(c3 + width));
        TLanes.Store(s40, ref *c4);
        TLanes.Store(s41, ref *(c4 + width));
        TLanes.Store(s50, ref *c5);
        TLanes.Store(s51, ref *(c5 + width));
        TLanes.Store(s60, ref *c6);
        TLanes.Store(s61, ref *(c6 + width));
        TLanes.Store(s70, ref *c7);
        TLanes.Store(s71, ref *(c7 + width));
    }

    private static void Rows4<TLanes>(float* a, int stride, int depthStride, float* b, int depth, float* c, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = TLanes.Count;
        float* c0 = c;
        float* c1 = c + 1L * n;
        float* c2 = c + 2L * n;
        float* c3 = c + 3L * n;
        TLanes s00 = TLanes.Load(ref *c0), s01 = TLanes.Load(ref *(c0 + width));
        TLanes s10 = TLanes.Load(ref *c1), s11 = TLanes.Load(ref *(c1 + width));
        TLanes s20 = TLanes.Load(ref *c2), s21 = TLanes.Load(ref *(c2 + width));
        TLanes s30 = TLanes.Load(ref *c3), s31 = TLanes.Load(ref *(c3 + width));
        for (int i = 0; i < depth; i++, a += depthStride, b += PackedMatrix.PanelWidth)
        {
            TLanes b0 = TLanes.Load(ref *b), b1 = TLanes.Load(ref *(b + width));
            TLanes a0 = TLanes.Broadcast(*a);
            s00 = TLanes.MultiplyAdd(a0, b0, s00);
            s01 = TLanes.MultiplyAdd(a0, b1, s01);
            TLanes a1 = TLanes.Broadcast(a[stride]);
            s10 = TLanes.MultiplyAdd(a1, b0, s10);
            s11 = TLanes.MultiplyAdd(a1, b1, s11);
            TLanes a2 = TLanes.Broadcast(a[2L * stride]);
            s20 = TLanes.MultiplyAdd(a2, b0, s20);
            s21 = TLanes.MultiplyAdd(a2, b1, s21);
            TLanes a3 = TLanes.Broadcast(a[3L * stride]);
            s30 = TLanes.MultiplyAdd(a3, b0, s30);
            s31 = TLanes.MultiplyAdd(a3, b1, s31);
        }

        TLanes.Store(s00, ref *c0);
        TLanes.Store(s01, ref *(c0 + width));
        TLanes.Store(s10, ref *c1);
        TLanes.Store(s11, ref *(c1 + width));
        TLanes.Store(s20, ref *c2);
        TLanes.Store(s21, ref *(c2 + width));
        TLanes.Store(s30, ref *c3);
        TLanes.Store(s31, ref *(c3 + width));
    }

    private static void Rows2<TLanes>(float* a, int stride, int depthStride, float* b, int depth, float* c, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = TLanes.Count;
        float* c0 = c;
        float* c1 = c + 1L * n;
        TLanes s00 = TLanes.Load(ref *c0), s01 = TLanes.Load(ref *(c0 + width));
        TLanes s10 = TLanes.Load(ref *c1), s11 = TLanes.Load(ref *(c1 + width));
        for (int i = 0; i < depth; i++, a += depthStride, b += PackedMatrix.PanelWidth)
        {
            TLanes b0 = TLanes.Load(ref *b), b1 = TLanes.Load(ref *(b + width));
            TLanes a0 = TLanes.Broadcast(*a);
            s00 = TLanes.MultiplyAdd(a0, b0, s00);
            s01 = TLanes.MultiplyAdd(a0, b1, s01);
            TLanes a1 = TLanes.Broadcast(a[stride]);
            s10 = TLanes.MultiplyAdd(a1, b0, s10);
            s11 = TLanes.MultiplyAdd(a1, b1, s11);
        }

        TLanes.Store(s00, ref *c0);
        TLanes.Store(s01, ref *(c0 + width));
        TLanes.Store(s10, ref *c1);
        TLanes.Store(s11, ref *(c1 + width));
    }

    private static void Rows1<TLanes>(float* a, int stride, int depthStride, float* b, int depth, float* c, int n)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = TLanes.Count;
        float* c0 = c;
        TLanes s00 = TLanes.Load(ref *c0), s01 = TLanes.Load(ref *(c0 + width));
        for (int i = 0; i < depth; i++, a += depthStride, b += PackedMatrix.PanelWidth)
        {
            TLanes b0 = TLanes.Load(ref *b), b1 = TLanes.Load(ref *(b + width));
            TLanes a0 = TLanes.Broadcast(*a);
            s00 = TLanes.MultiplyAdd(a0, b0, s00);
            s01 = TLanes.MultiplyAdd(a0, b1, s01);
        }

        TLanes.Store(s00, ref *c0);
        TLanes.Store(s01, ref *(c0 + width));
    }
}
